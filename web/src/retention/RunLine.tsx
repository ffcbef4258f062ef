import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat';
import { useRetention } from './useRetention';

/** When all that was due was last erased. */
export function RunLine() {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const { data } = useRetention();
  if (data === undefined) return null;
  const Icon = data.failed ? IconAlertTriangle : IconCircleCheck;
  return (
    <Group gap={6} wrap="nowrap" data-testid="last-run" data-failed={data.failed}>
      <Icon size={18} color={data.failed ? 'var(--mantine-color-red-6)' : 'var(--mantine-color-teal-6)'} aria-hidden />
      <Text size="sm" c={data.failed ? 'red' : 'dimmed'}>
        {data.failed ? `${t('run.failed')} ` : ''}
        {data.lastRun === undefined ? t('run.never') : t('run.last', { at: format.dateTime(data.lastRun) })}
      </Text>
    </Group>
  );
}
