import { Button, Container, EmptyState, Title } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useLocation } from 'react-router';
import { signInURL } from '../api/client';
import { hasRole, useSession } from '../api/session';
import type { Role } from '../api/types';
import { LoadingView } from './LoadingView';
import { ProblemAlert } from './ProblemAlert';

function GuardTitle({ text }: { text: string }) {
  return (
    <Title order={1} size="h2">
      {text}
    </Title>
  );
}

/** Shows its children to those who have one of the roles; the server decides all the same. */
export function RequireRole({ roles, children }: { roles: Role[]; children: ReactNode }) {
  const { t } = useTranslation();
  const location = useLocation();
  const session = useSession();
  if (session.isPending) return <LoadingView />;
  if (session.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={session.error} onRetry={() => void session.refetch()} />
      </Container>
    );
  }
  const { person, choices } = session.data;
  if (choices > 0 && (person === undefined || person.roles.length === 0)) return <Navigate to="/choose" replace />;
  if (person === undefined) {
    return (
      <EmptyState
        py={80}
        size="lg"
        icon={<IconLock aria-hidden />}
        title={<GuardTitle text={t('guard.signInTitle')} />}
        description={t('guard.signInText')}
        data-testid="guard-sign-in"
      >
        <Button component="a" href={signInURL(location.pathname + location.search)} size="md" data-testid="sign-in">
          {t('guard.signIn')}
        </Button>
      </EmptyState>
    );
  }
  if (!hasRole(session.data, ...roles)) {
    return (
      <EmptyState
        py={80}
        size="lg"
        icon={<IconLock aria-hidden />}
        title={<GuardTitle text={t('guard.forbiddenTitle')} />}
        description={t('guard.forbiddenText', { name: person.displayName })}
        data-testid="guard-forbidden"
      >
        {choices > 1 && (
          <Button component={Link} to="/choose" size="md" data-testid="change-role">
            {t('header.changeRole')}
          </Button>
        )}
        <Button component={Link} to="/" variant="light" size="md">
          {t('toStart')}
        </Button>
      </EmptyState>
    );
  }
  return children;
}
