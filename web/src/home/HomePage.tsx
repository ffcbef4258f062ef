import { Container } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Navigate } from 'react-router';
import { useSession } from '../api/session';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { GuestHome } from './GuestHome';
import { PersonHome } from './PersonHome';

/** The start page: what this is, or what the signed-in person can do. */
export default function HomePage() {
  const { t } = useTranslation('home');
  const session = useSession();
  if (session.isPending) return <LoadingView />;
  if (session.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={session.error} onRetry={() => void session.refetch()} />
      </Container>
    );
  }
  const { person, organisation, choices } = session.data;
  if (choices > 0 && (person === undefined || person.roles.length === 0)) return <Navigate to="/choose" replace />;
  return (
    <>
      <PageTitle title={t('title')} />
      {person === undefined ? <GuestHome organisation={organisation} /> : <PersonHome person={person} />}
    </>
  );
}
