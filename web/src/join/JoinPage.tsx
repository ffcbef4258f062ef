import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client';
import { codeOf } from '../api/problem';
import { useSession } from '../api/session';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { rememberClock } from './attempt';
import { CardStep } from './CardStep';

// The card is what everybody sees first; the rest of the way comes for those who joined.
const AttemptFlow = lazy(() => import('./AttemptFlow'));

/** The student's way by an exam's link: the card first, then the attempt. */
export default function JoinPage() {
  const { t } = useTranslation(['join', 'common']);
  const { code = '' } = useParams();
  const client = useQueryClient();
  const session = useSession();
  const personId = session.data?.person?.id;
  const card = useQuery({
    queryKey: ['exam-card', code, personId],
    queryFn: async ({ signal }) => {
      const told = await api.examCard(code, signal);
      rememberClock(client, told);
      return told;
    },
    enabled: !session.isPending,
  });
  if (session.isError || card.isError) {
    const error = session.error ?? card.error;
    if (['not_found', 'exam_not_found'].includes(codeOf(error))) {
      return (
        <Container size="xs" py={80} data-testid="exam-not-found">
          <PageTitle title={t('card.notFound')} />
          <Stack align="flex-start">
            <Title order={1}>{t('card.notFound')}</Title>
            <Text>{t('card.notFoundText')}</Text>
            <Button component={Link} to="/" variant="light">
              {t('common:toStart')}
            </Button>
          </Stack>
        </Container>
      );
    }
    return (
      <Container size="sm" py="xl">
        <ProblemAlert
          error={error}
          onRetry={() => {
            void session.refetch();
            void card.refetch();
          }}
        />
      </Container>
    );
  }
  if (session.isPending || card.isPending) return <LoadingView />;
  const { attemptId } = card.data;
  if (personId !== undefined && attemptId !== undefined) {
    return (
      <Suspense fallback={<LoadingView />}>
        <AttemptFlow attemptId={attemptId} />
      </Suspense>
    );
  }
  return <CardStep card={card.data} session={session.data} />;
}
