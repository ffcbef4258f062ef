import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AppealSummary } from '../api/types';

const colors = { open: 'orange', granted: 'teal', rejected: 'gray' };

/** How far an appeal is. */
export function StateBadge({ state }: { state: AppealSummary['state'] }) {
  const { t } = useTranslation('appeals');
  return (
    <Badge variant="light" color={colors[state]}>
      {t(`state.${state}`)}
    </Badge>
  );
}
