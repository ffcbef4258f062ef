import { Alert, Anchor, Card, Container, Group, Stack, Text, Title } from '@mantine/core';
import { IconArrowLeft, IconCircleCheck, IconUserOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client';
import type { AppealDetail } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { DecisionList } from '../myfile/DecisionList';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Appeals.module.css';
import { DecisionForm } from './DecisionForm';
import { StateBadge } from './StateBadge';

/** One appeal: the facts, and beside them what the student wrote and the decision. */
export default function AppealPage() {
  const { t } = useTranslation('appeals');
  const format = useFormat();
  const { id = '' } = useParams();
  const appeal = useQuery({ queryKey: ['appeal', id], queryFn: ({ signal }) => api.appeal(id, signal) });
  if (appeal.isPending) return <LoadingView />;
  if (appeal.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={appeal.error} onRetry={() => void appeal.refetch()} />
      </Container>
    );
  }
  const { data } = appeal;
  return (
    <Container size="lg" py="lg" data-testid="appeal" data-state={data.state} data-number={data.number}>
      <PageTitle title={t('number', { number: data.number })} />
      <Stack gap="lg">
        <Anchor component={Link} to="/appeals" size="sm">
          <Group gap={6} component="span">
            <IconArrowLeft size={16} aria-hidden />
            {t('back')}
          </Group>
        </Anchor>
        <Stack gap={4}>
          <Group gap="sm">
            <Title order={1}>{data.student}</Title>
            <StateBadge state={data.state} />
          </Group>
          <Text c="dimmed">
            {[t('number', { number: data.number }), data.exam, data.group, t('filed', { at: format.dateTime(data.filedAt) })]
              .filter((part) => part !== '')
              .join(' · ')}
          </Text>
        </Stack>
        <div className={classes.columns}>
          <Card padding="md">
            <Group justify="space-between" mb="xs">
              <Title order={2} size="h4">
                {t('facts')}
              </Title>
              <Anchor component={Link} to={`/proctor/attempts/${data.attemptId}`} size="sm" data-testid="to-review">
                {t('review')}
              </Anchor>
            </Group>
            <DecisionList decisions={data.decisions} />
          </Card>
          <Stack gap="lg">
            <Card padding="md">
              <Title order={2} size="h4" mb="xs">
                {t('wrote')}
              </Title>
              <Text className={classes.text} data-testid="appeal-written">
                {data.text}
              </Text>
            </Card>
            {data.state !== 'open' && <Decided appeal={data} />}
            {data.state === 'open' && !data.mayDecide && (
              <Alert color="orange" icon={<IconUserOff aria-hidden />} data-testid="not-you">
                {t('notYou')}
              </Alert>
            )}
            {data.state === 'open' && data.mayDecide && <DecisionForm appeal={data} />}
          </Stack>
        </div>
      </Stack>
    </Container>
  );
}

function Decided({ appeal }: { appeal: AppealDetail }) {
  const { t } = useTranslation('appeals');
  const format = useFormat();
  return (
    <Alert
      color={appeal.state === 'granted' ? 'teal' : 'gray'}
      icon={<IconCircleCheck aria-hidden />}
      title={t('decision')}
      role="status"
      data-testid="appeal-decided"
      data-remedy={appeal.remedy}
    >
      <Stack gap={4}>
        <Text size="sm">{appeal.remedy === '' ? t('done.rejected') : t(`done.${appeal.remedy}`)}</Text>
        <Text size="sm" className={classes.text}>
          {appeal.reason}
        </Text>
        {appeal.decidedAt !== undefined && (
          <Text size="sm" c="dimmed">
            {t('decidedBy', { name: appeal.decidedBy ?? '', at: format.dateTime(appeal.decidedAt) })}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}
