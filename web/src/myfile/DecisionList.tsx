import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { FileDecision } from '../api/types';
import { DecisionItem } from './DecisionItem';

/** Everything that was decided about an attempt, the oldest first. */
export function DecisionList({ decisions }: { decisions: FileDecision[] }) {
  const { t } = useTranslation('myfile');
  if (decisions.length === 0) return <Text c="dimmed">{t('decisions.none')}</Text>;
  return (
    <Stack gap={0} data-testid="decisions">
      {decisions.map((decision) => (
        <DecisionItem key={`${decision.at} ${decision.kind}`} decision={decision} />
      ))}
    </Stack>
  );
}
