import { Alert, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Identification } from '../api/types';
import { useDoubtLine } from '../i18n/useDoubtText';

/** What our own examination doubted in an identification; nothing when it did not. */
export function Doubts({ identification }: { identification: Identification }) {
  const { t } = useTranslation('common');
  const line = useDoubtLine();
  const { flags } = identification;
  if (flags === undefined || flags.length === 0) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title={t('doubt.title')} data-testid="doubts">
      <List size="sm">
        {flags.map((doubt) => (
          <List.Item key={doubt.flag} data-testid={`doubt-${doubt.flag}`}>
            {line(doubt)}
          </List.Item>
        ))}
      </List>
      <Text size="xs" c="dimmed" mt={4}>
        {t('doubt.note')}
      </Text>
    </Alert>
  );
}
