import { Anchor, Badge, Container, Group, Stack, Text, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { hasRole, useSession } from '../api/session';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Review.module.css';
import { ReviewBody } from './ReviewBody';
import { isGoing, useReview } from './useReview';

/** One attempt looked at during or after the exam: recording, events, identifications. */
export default function ReviewPage() {
  const { t } = useTranslation(['review', 'common']);
  const { id = '' } = useParams();
  const { data: session } = useSession();
  const { attempt, timeline, identifications, recordings } = useReview(id);
  const failed = [attempt, timeline, identifications, recordings].find((query) => query.isError && query.data === undefined);
  if (failed !== undefined) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={failed.error} onRetry={() => void failed.refetch()} />
      </Container>
    );
  }
  if (
    attempt.data === undefined ||
    timeline.data === undefined ||
    identifications.data === undefined ||
    recordings.data === undefined
  ) {
    return <LoadingView />;
  }
  const { student, exam, state } = attempt.data;
  return (
    <div className={classes.page}>
      <PageTitle title={student.displayName} />
      <Stack gap="md">
        <Stack gap={2}>
          {hasRole(session, 'proctor') ? (
            <Anchor component={Link} to={`/proctor/exams/${attempt.data.examId}`} size="sm">
              <Group gap={4}>
                <IconArrowLeft size={16} aria-hidden />
                {exam.title}
              </Group>
            </Anchor>
          ) : (
            <Text size="sm" c="dimmed">
              {exam.title}
            </Text>
          )}
          <Group gap="sm">
            <Title order={1} size="h2">
              {student.displayName}
            </Title>
            <Badge size="lg" variant="light" color="gray" data-testid="review-state" data-state={state}>
              {t(`common:state.${state}`)}
            </Badge>
            <Text size="sm" c="dimmed">
              {student.group}
            </Text>
          </Group>
        </Stack>
        <ReviewBody
          attempt={attempt.data}
          recordings={recordings.data.recordings}
          events={timeline.data.events}
          identifications={identifications.data.identifications}
          going={isGoing(attempt.data)}
        />
      </Stack>
    </div>
  );
}
