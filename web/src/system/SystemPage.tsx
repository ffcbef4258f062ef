import { Badge, Card, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { CheckList } from './CheckList';
import { NodeList } from './NodeList';
import { QueueTiles } from './QueueTiles';
import { RoomLoads } from './RoomLoads';
import classes from './System.module.css';

const everyMs = 10_000;

/** What the installation does now, what it depends on, and its keys. */
export default function SystemPage() {
  const { t } = useTranslation('system');
  const format = useFormat();
  const system = useQuery({ queryKey: ['system'], queryFn: ({ signal }) => api.system(signal), refetchInterval: everyMs });
  if (system.isPending) return <LoadingView />;
  if (system.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={system.error} onRetry={() => void system.refetch()} />
      </Container>
    );
  }
  const { rooms, nodes, media, queues, checks, keys, version, at } = system.data;
  return (
    <Container size="lg" py="lg" data-testid="system">
      <PageTitle title={t('title')} />
      <Stack gap="xl">
        <Stack gap={4}>
          <Group gap="sm">
            <Title order={1}>{t('title')}</Title>
            <Badge variant="light" color="gray">
              {version}
            </Badge>
          </Group>
          <Text c="dimmed">{t('lead', { at: format.time(at) })}</Text>
        </Stack>
        <Stack component="section" gap="md">
          <Title order={2} size="h3">
            {t('rooms.title')}
          </Title>
          <RoomLoads rooms={rooms} />
        </Stack>
        {nodes.length > 1 && (
          <Stack component="section" gap="md">
            <Title order={2} size="h3">
              {t('nodes.title')}
            </Title>
            <NodeList nodes={nodes} />
          </Stack>
        )}
        <Stack component="section" gap="md">
          <Group gap="sm">
            <Title order={2} size="h3">
              {t('load.title')}
            </Title>
            {nodes.length > 1 && (
              <Text c="dimmed" data-testid="load-node">
                {t('load.node', { name: nodes.find((node) => node.self)?.name })}
              </Text>
            )}
          </Group>
          <QueueTiles media={media} queues={queues} />
        </Stack>
        <Stack component="section" gap="md">
          <Stack gap={4}>
            <Title order={2} size="h3">
              {t('checks.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('checks.text')}
            </Text>
          </Stack>
          <CheckList names={checks} />
        </Stack>
        <Card component="section">
          <Stack gap="sm">
            <Title order={2} size="h3">
              {t('keys.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('keys.text')}
            </Text>
            <Text size="sm" fw={600}>
              {t('keys.log')}
            </Text>
            <Text className={classes.key}>{keys.log}</Text>
            <Text size="sm" c="dimmed">
              {keys.logSince === undefined ? t('keys.first') : t('keys.since', { date: format.date(keys.logSince) })}
            </Text>
            <Text size="sm" fw={600}>
              {t('keys.master')}
            </Text>
            {keys.master.map((id, index) => (
              <Text key={id} className={classes.key}>
                {id} {index > 0 && t('keys.opens')}
              </Text>
            ))}
          </Stack>
        </Card>
      </Stack>
    </Container>
  );
}
