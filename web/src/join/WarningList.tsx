import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';

/** The student's own warnings, those taken back struck off. */
export function WarningList({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation(['join', 'talk']);
  const { time } = useFormat();
  const warnings = attempt.warnings ?? [];
  if (warnings.length === 0) return null;
  return (
    <Stack gap="xs" aria-label={t('warnings.label')} role="region">
      {warnings.map((warning) => {
        const withdrawn = warning.withdrawnAt !== undefined;
        return (
          <Alert
            key={warning.id}
            color={withdrawn ? 'gray' : 'orange'}
            icon={withdrawn ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
            role="status"
            data-testid="own-warning"
            data-reason={warning.reason}
            data-withdrawn={withdrawn}
          >
            <Text size="md" fw={600} td={withdrawn ? 'line-through' : undefined}>
              {t(`talk:warning.${warning.reason}`)}
            </Text>
            {warning.text !== undefined && warning.text !== '' && <Text size="md">{warning.text}</Text>}
            <Text size="sm" c="dimmed">
              {withdrawn ? t('warnings.withdrawn', { name: warning.by, at: time(warning.at) }) : t('warnings.by', { name: warning.by, at: time(warning.at) })}
            </Text>
          </Alert>
        );
      })}
    </Stack>
  );
}
