import { Alert, Button, Card, Container, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api, linkURL } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RequireRole } from '../shell/RequireRole';
import { DeviceTrial } from './DeviceTrial';
import classes from './Exam.module.css';
import { ReadyRow } from './ReadyRow';

function Ready() {
  const { t } = useTranslation('exam');
  const format = useFormat();
  const { code = '' } = useParams();
  const queryClient = useQueryClient();
  const key = ['ready', code];
  const ready = useQuery({ queryKey: key, queryFn: ({ signal }) => api.readiness(code, signal), staleTime: 0 });
  const [asking, setAsking] = useState(false);
  const devices = useMutation({
    mutationFn: ({ camera, microphone }: { camera: boolean; microphone: boolean }) => api.noteDevices(code, camera, microphone),
    onSuccess: (data) => {
      queryClient.setQueryData(key, data);
    },
  });
  const decline = useMutation({
    mutationFn: () => api.declineAhead(code),
    onSuccess: (data) => {
      queryClient.setQueryData(key, data);
      setAsking(false);
    },
  });
  const comeBack = useMutation({
    mutationFn: (attempt: string) => api.returnToExam(attempt),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: key }),
  });
  if (ready.isPending) return <LoadingView />;
  if (ready.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={ready.error} onRetry={() => void ready.refetch()} />
      </Container>
    );
  }
  const { exam, checks, declined, minor, devicesAt, enrolledAt } = ready.data;
  const consentText = checks.consent === 'done' ? t('ready.consentDone') : minor ? t('ready.consentMinor') : t('ready.consentMissing');
  const enrolmentText = {
    done: t('ready.enrolmentDone', { date: enrolledAt === undefined ? '' : format.date(enrolledAt) }),
    missing: t('ready.enrolmentMissing'),
    unknown: t('ready.enrolmentUnknown'),
  }[checks.enrolment];
  const triedAt = devicesAt === undefined ? '' : format.dateTime(devicesAt);
  const devicesText = {
    done: t('ready.devicesDone', { date: triedAt }),
    failed: t('ready.devicesFailed', { date: triedAt }),
    missing: t('ready.devicesMissing'),
  }[checks.devices];
  return (
    <Container size="sm" py="xl" data-testid="ready-page" data-ready={ready.data.ready} data-declined={declined}>
      <PageTitle title={t('ready.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('ready.title')}</Title>
          <Text fw={600}>{exam.title}</Text>
          <Text size="md" c="dimmed">
            {format.period(exam.startsAt, exam.endsAt)}
          </Text>
        </Stack>
        {declined && (
          <Alert color="blue" icon={<IconInfoCircle aria-hidden />} title={t('ready.declinedTitle')} role="status" data-testid="ready-declined">
            <Stack gap="sm" align="flex-start">
              <Text size="md">{t('ready.declinedText')}</Text>
              {comeBack.isError && <ProblemAlert error={comeBack.error} />}
              {exam.attemptId !== undefined && (
                <Button
                  variant="default"
                  size="md"
                  classNames={{ root: classes.wrap, label: classes.wrapLabel }}
                  loading={comeBack.isPending}
                  onClick={() => exam.attemptId !== undefined && comeBack.mutate(exam.attemptId)}
                  data-testid="ready-return"
                >
                  {t('ready.return')}
                </Button>
              )}
            </Stack>
          </Alert>
        )}
        {!declined && ready.data.ready && (
          <Alert color="teal" icon={<IconCircleCheck aria-hidden />} title={t('ready.allDone')} role="status" data-testid="ready-all">
            <Text size="md">{t('ready.allDoneText')}</Text>
          </Alert>
        )}
        {!declined && (
          <Card padding={0}>
            <ul className={classes.readyList}>
              <ReadyRow
                name="account"
                state={checks.account}
                title={t('ready.account')}
                text={checks.account === 'done' ? t('ready.accountDone') : t('ready.accountMissing')}
              >
                {checks.account !== 'done' && (
                  <Button component="a" href={linkURL()} size="md" variant="light">
                    {t('ready.accountLink')}
                  </Button>
                )}
              </ReadyRow>
              <ReadyRow name="roster" state="done" title={t('ready.roster')} text={t('ready.rosterDone', { group: ready.data.group })} />
              <ReadyRow name="consent" state={checks.consent} title={t('ready.consent')} text={consentText}>
                {checks.consent !== 'done' && checks.account === 'done' && (
                  <Button component={Link} to={`/e/${encodeURIComponent(code)}`} size="md" variant="light" data-testid="ready-to-consent">
                    {t('ready.consentOpen')}
                  </Button>
                )}
              </ReadyRow>
              <ReadyRow name="enrolment" state={checks.enrolment} title={t('ready.enrolment')} text={enrolmentText} />
              <ReadyRow name="devices" state={checks.devices} title={t('ready.devices')} text={devicesText}>
                {devices.isError && <ProblemAlert error={devices.error} />}
                <DeviceTrial again={checks.devices === 'done'} spared={exam.accommodation?.noVoice === true} onTried={(camera, microphone) => devices.mutate({ camera, microphone })} />
              </ReadyRow>
            </ul>
          </Card>
        )}
        {!declined && (
          <Stack gap="xs" align="flex-start">
            <Text size="md">{t('ready.declineLead')}</Text>
            <Button variant="default" size="md" onClick={() => setAsking(true)} data-testid="ready-decline">
              {t('ready.decline')}
            </Button>
          </Stack>
        )}
        <Text size="sm" c="dimmed">
          {exam.contact}
        </Text>
      </Stack>
      <ConfirmModal
        opened={asking}
        title={t('ready.declineTitle')}
        text={t('ready.declineText')}
        confirmLabel={t('ready.decline')}
        pending={decline.isPending}
        error={decline.error}
        onConfirm={() => decline.mutate()}
        onClose={() => setAsking(false)}
        testId="ready-decline"
      />
    </Container>
  );
}

/** Days before an exam: what is done, what is left, and another form for whoever prefers it. */
export default function ReadyPage() {
  return (
    <RequireRole roles={['student']}>
      <Ready />
    </RequireRole>
  );
}
