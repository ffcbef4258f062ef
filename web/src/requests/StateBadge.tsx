import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RequestSummary } from '../api/types';

const colors = { open: 'orange', linked: 'teal', refused: 'gray' };

/** How far a request is. */
export function StateBadge({ state }: { state: RequestSummary['state'] }) {
  const { t } = useTranslation('requests');
  return (
    <Badge variant="light" color={colors[state]}>
      {t(`state.${state}`)}
    </Badge>
  );
}
