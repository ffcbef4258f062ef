import { Anchor, Container, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api } from '../api/client';
import { sessionKey } from '../api/session';
import type { ChoiceCard } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { localPath } from './localPath';
import { RoleCard } from './RoleCard';

/** In which role and organisation somebody acts who has several. */
export default function ChoosePage() {
  const { t } = useTranslation('arrival');
  const client = useQueryClient();
  const navigate = useNavigate();
  const choices = useQuery({ queryKey: ['choices'], queryFn: ({ signal }) => api.choices(signal), retry: false, staleTime: 0 });
  const [search] = useSearchParams();
  const asked = localPath(search.get('return'));
  const returnTo = asked === '/' ? (choices.data?.return ?? '/') : asked;
  const choose = useMutation({
    mutationFn: (choice: ChoiceCard) => api.choose(choice.personId, choice.role),
    onSuccess: async (session) => {
      client.setQueryData(sessionKey, session);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] }); // what another role may see does not stay
      await navigate(returnTo, { replace: true });
    },
  });
  if (choices.isPending) return <LoadingView />;
  return (
    <Container size="sm" py={{ base: 'xl', sm: 56 }} data-testid="choose">
      <PageTitle title={t('choose.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('choose.title')}</Title>
          <Text c="dimmed">{t('choose.text')}</Text>
        </Stack>
        {choices.isError && <ProblemAlert error={choices.error} onRetry={() => void choices.refetch()} />}
        {choose.isError && <ProblemAlert error={choose.error} />}
        {choices.data?.choices.length === 0 && <Text>{t('choose.none')}</Text>}
        {choices.data?.choices.map((choice) => (
          <RoleCard
            key={`${choice.personId} ${choice.role}`}
            choice={choice}
            disabled={choose.isPending}
            onChoose={() => choose.mutate(choice)}
          />
        ))}
        <Anchor component={Link} to="/request?kind=organisation" data-testid="no-organisation">
          {t('choose.noOrganisation')}
        </Anchor>
      </Stack>
    </Container>
  );
}
