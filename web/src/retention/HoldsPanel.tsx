import { Badge, Button, Card, EmptyState, Group, Stack, Text } from '@mantine/core';
import { IconLockOpen } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hasRole, useSession } from '../api/session';
import type { Hold } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import { HoldModal } from './HoldModal';
import { LiftModal } from './LiftModal';
import classes from './Retention.module.css';
import { useHolds } from './useRetention';

/** What may not be erased; the registrar places and lifts. */
export function HoldsPanel() {
  const { t } = useTranslation('retention');
  const { data: session } = useSession();
  const holds = useHolds();
  const [placing, setPlacing] = useState(false);
  const [lifting, setLifting] = useState<Hold>();
  const mayChange = hasRole(session, 'registrar');
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="md">
        <Text c="dimmed" maw={620} flex="1 1 280px">
          {t('holds.text')}
        </Text>
        {mayChange && (
          <Button onClick={() => setPlacing(true)} data-testid="hold-new">
            {t('holds.place')}
          </Button>
        )}
      </Group>
      {holds.isPending && <LoadingView />}
      {holds.isError && <ProblemAlert error={holds.error} onRetry={() => void holds.refetch()} />}
      {holds.data?.holds.length === 0 && (
        <EmptyState size="lg" icon={<IconLockOpen aria-hidden />} title={t('holds.emptyTitle')} description={t('holds.emptyText')} />
      )}
      {holds.data?.holds.map((hold) => (
        <HoldCard key={hold.id} hold={hold} onLift={mayChange ? () => setLifting(hold) : undefined} />
      ))}
      {placing && <HoldModal onClose={() => setPlacing(false)} />}
      {lifting !== undefined && <LiftModal hold={lifting} onClose={() => setLifting(undefined)} />}
    </Stack>
  );
}

function HoldCard({ hold, onLift }: { hold: Hold; onLift: (() => void) | undefined }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const stands = hold.liftedAt === undefined;
  const whom = hold.student ?? t('holds.wholeExam');
  return (
    <Card padding="md" data-testid={`hold-${hold.id}`} data-stands={stands}>
      <Group justify="space-between" gap="md" align="flex-start">
        <Stack gap={4} flex="1 1 280px" miw={0}>
          <Group gap="xs">
            <Badge color={stands ? 'orange' : 'gray'} variant="light">
              {stands ? t(`holds.kind.${hold.kind}`) : t('holds.lifted')}
            </Badge>
            <Text fw={600}>{whom}</Text>
          </Group>
          <Text size="sm">{hold.examTitle}</Text>
          <Text size="sm" className={classes.reason}>
            {hold.reason}
          </Text>
          <Text size="sm" c="dimmed">
            {t('holds.placed', { at: format.dateTime(hold.placedAt), by: hold.placedBy ?? t('commandLine') })}
          </Text>
          {hold.liftedAt !== undefined && (
            <Text size="sm" c="dimmed" className={classes.reason}>
              {t('holds.liftedBy', { at: format.dateTime(hold.liftedAt), by: hold.liftedBy ?? t('commandLine'), reason: hold.liftReason ?? '' })}
            </Text>
          )}
        </Stack>
        {stands && onLift !== undefined && (
          <Button variant="default" onClick={onLift} aria-label={t('holds.liftOf', { name: whom })} data-testid={`hold-lift-${hold.id}`}>
            {t('holds.lift')}
          </Button>
        )}
      </Group>
    </Card>
  );
}
