import { Menu, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ExportPlan } from '../api/types';
import { useFormat } from '../i18n/useFormat';

interface RecordingsItemProps {
  plan: ExportPlan | undefined;
  onChoose: () => void;
}

/** The way to a package with recordings, with what they would take. */
export function RecordingsItem({ plan, onChoose }: RecordingsItemProps) {
  const { t } = useTranslation('log');
  const format = useFormat();
  const there = (plan?.files ?? 0) > 0;
  return (
    <Menu.Item disabled={!there} onClick={onChoose} data-testid="download-recordings">
      {t('download.recordings')}
      <Text size="xs" c="dimmed">
        {there ? t('download.recordingsSize', { size: format.bytes(plan?.bytes ?? 0) }) : t('download.recordingsNeeds')}
      </Text>
    </Menu.Item>
  );
}
