import { Button, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import { enterFullScreen } from './fullScreen';
import classes from './Join.module.css';
import { LiveNotice } from './LiveNotice';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';
import { WatchNotice } from './WatchNotice';

/** The identity is confirmed: the exam can be begun. */
export function AdmittedStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { score: scoreText } = useFormat();
  const begin = useAttemptAction(() => api.begin(attempt.id));
  const start = () => {
    if (attempt.exam.page.fullScreen) void enterFullScreen();
    begin.mutate();
  };
  const last = attempt.lastIdentification;
  // Whom staff identified has at most the score of an identification that failed.
  const score = last?.outcome === 'match' ? last.score : undefined;
  return (
    <StepFrame title={t('admitted.title')} lead={attempt.exam.title} station="admitted" testId="admitted">
      <LiveNotice />
      <Stack className={classes.panel} gap="lg">
        <Group wrap="nowrap" align="flex-start" data-testid="identification-result" data-outcome="match">
          <ThemeIcon color="teal" size={44} radius="xl">
            <IconCheck aria-hidden />
          </ThemeIcon>
          <div>
            <Text fw={600}>{attempt.student.displayName}</Text>
            <Text>{t('admitted.text')}</Text>
            {score !== undefined && (
              <Text size="sm" c="dimmed">
                {t('identification.score', { score: scoreText(score.overall), threshold: scoreText(attempt.threshold) })}
              </Text>
            )}
          </div>
        </Group>
        <WatchNotice watch={attempt.exam.page} />
        {begin.isError && <ProblemAlert error={begin.error} />}
        <Button size="xl" loading={begin.isPending} onClick={start} data-testid="begin-exam">
          {t('admitted.begin')}
        </Button>
        <Text size="sm" c="dimmed" ta="center">
          {t('admitted.recording')}
        </Text>
      </Stack>
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
