import { Anchor, Code, Group, Popover, Stack, Text } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat';
import { CopyHash } from './CopyHash';
import { useCheckpoint } from './useLog';

/** The newest signed head of the log: how many records it covers, and what to keep to prove it later. */
export function CheckpointLine() {
  const { t } = useTranslation('log');
  const format = useFormat();
  const { data, isError } = useCheckpoint();
  if (isError) {
    return (
      <Text size="sm" c="dimmed">
        {t('checkpoint.none')}
      </Text>
    );
  }
  if (data === undefined) return null;
  return (
    <Group gap={6} data-testid="checkpoint" data-size={data.size}>
      <IconShieldCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden />
      <Text size="sm" c="dimmed">
        {t('checkpoint.line', { count: data.size, at: format.stamp(data.at) })}
      </Text>
      <Popover width={440} position="bottom-start" shadow="md">
        <Popover.Target>
          <Anchor component="button" type="button" size="sm">
            {t('checkpoint.show')}
          </Anchor>
        </Popover.Target>
        <Popover.Dropdown maw="calc(100vw - 32px)">
          <Stack gap="xs">
            <Text size="sm">{t('checkpoint.why')}</Text>
            <CopyHash label={t('checkpoint.root')} value={data.rootHash} />
            <Code block>{data.note}</Code>
          </Stack>
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}
