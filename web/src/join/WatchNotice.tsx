import { Alert, List, Stack, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Watch } from '../api/types';

/** Whether anything of the page is watched. */
export const watches = (watch: Watch): boolean => watch.tabs || watch.focus || watch.fullScreen;

/** What the exam notices on the student's page; nothing where it notices nothing. */
export function WatchNotice({ watch }: { watch: Watch }) {
  const { t } = useTranslation('way');
  if (!watches(watch)) return null;
  return (
    <Alert icon={<IconEye aria-hidden />} title={t('watch.title')} data-testid="watch-notice">
      <Stack gap="xs">
        <List size="md">
          {watch.tabs && <List.Item>{t('watch.tabs')}</List.Item>}
          {watch.focus && <List.Item>{t('watch.focus')}</List.Item>}
          {watch.fullScreen && <List.Item>{t('watch.fullScreen')}</List.Item>}
        </List>
        <Text size="sm">{t('watch.nothingElse')}</Text>
        {watch.fullScreen && !document.fullscreenEnabled && <Text size="sm">{t('watch.unable')}</Text>}
      </Stack>
    </Alert>
  );
}
