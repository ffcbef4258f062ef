import { Badge, Button, Card, Container, Group, Stack, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ManagedOrganisation } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { OrganisationModal } from './OrganisationModal';

/** The administrator's own organisation; all of them, and a new one, for whoever runs the installation. */
export default function OrganisationsPage() {
  const { t } = useTranslation('people');
  const format = useFormat();
  const list = useQuery({ queryKey: ['organisations'], queryFn: ({ signal }) => api.organisations(signal) });
  const [opened, setOpened] = useState<ManagedOrganisation | 'new'>();
  if (list.isPending) return <LoadingView />;
  const act = ({ actNumber, actDate }: ManagedOrganisation) => {
    if (actNumber === '') return t('organisations.noAct');
    return actDate === '' ? t('organisations.act', { number: actNumber }) : t('organisations.actOf', { number: actNumber, date: format.date(actDate) });
  };
  return (
    <Container size="lg" py="lg" data-testid="organisations-page">
      <PageTitle title={t('organisations.title')} />
      <Stack gap="lg">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={4} maw={720}>
            <Title order={1}>{t('organisations.title')}</Title>
            <Text c="dimmed">{t('organisations.text')}</Text>
            {list.data?.host === true && <Text c="dimmed">{t('organisations.textHost')}</Text>}
          </Stack>
          {list.data?.host === true && (
            <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpened('new')} data-testid="organisation-new">
              {t('organisations.new')}
            </Button>
          )}
        </Group>
        {list.isError && <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />}
        {list.data?.organisations.map((one) => (
          <Card key={one.id} padding="md" data-testid={`organisation-${one.id}`} data-short={one.shortName}>
            <Group justify="space-between" align="flex-start" gap="md">
              <Stack gap={4} flex="1 1 300px" miw={0}>
                <Group gap="xs">
                  <Title order={2} size="h4">
                    {one.name}
                  </Title>
                  {one.own && <Badge variant="light">{t('organisations.own')}</Badge>}
                </Group>
                <Text size="sm" c="dimmed">
                  {one.shortName} · {t('organisations.people', { count: one.people })},{' '}
                  {t('organisations.administrators', { count: one.administrators })}
                </Text>
                <Text size="sm">{act(one)}</Text>
                <Text size="sm">{one.contact === '' ? t('organisations.noContact') : one.contact}</Text>
              </Stack>
              <Button variant="default" onClick={() => setOpened(one)} data-testid={`organisation-change-${one.id}`}>
                {t('organisations.change')}
              </Button>
            </Group>
          </Card>
        ))}
      </Stack>
      {opened !== undefined && <OrganisationModal organisation={opened === 'new' ? undefined : opened} onClose={() => setOpened(undefined)} />}
    </Container>
  );
}
