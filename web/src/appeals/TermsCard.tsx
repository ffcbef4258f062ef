import { Card, Group, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { TermsForm } from './TermsForm';

/** How long an appeal may be filed, and how long the evidence is kept after the answer. */
export function TermsCard() {
  const { t } = useTranslation('appeals');
  const terms = useQuery({ queryKey: ['appeal-policy'], queryFn: ({ signal }) => api.appealPolicy(signal) });
  if (terms.data === undefined) return null;
  return (
    <Card padding="md" data-testid="appeal-terms">
      <Group mb="sm">
        <Title order={2} size="h4">
          {t('terms.title')}
        </Title>
      </Group>
      <TermsForm terms={terms.data} />
    </Card>
  );
}
