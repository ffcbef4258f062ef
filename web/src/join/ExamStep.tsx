import { Alert, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconPlayerPause, IconShieldQuestion } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { ConfirmModal } from '../shell/ConfirmModal';
import { BreakBox } from './BreakBox';
import { ContactLine } from './ContactLine';
import { ExamBar } from './ExamBar';
import { FullScreenNotice } from './FullScreenNotice';
import { leaveFullScreen } from './fullScreen';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { SelfView } from './SelfView';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';
import { useWatch } from './useWatch';
import { watches } from './WatchNotice';
import { WorkPanel } from './WorkPanel';
import { WarningList } from './WarningList';

/** The exam itself: a quiet bar, the own picture that can be hidden, and handing in. */
export function ExamStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation(['join', 'way']);
  const { devices } = useLive();
  const { stream } = useStore(devices.state);
  const [hidden, setHidden] = useState(false);
  const [handingIn, setHandingIn] = useState(false);
  const finish = useAttemptAction(() => api.finish(attempt.id));
  const paused = attempt.state === 'paused';
  useWatch(attempt);
  useEffect(() => () => void leaveFullScreen(), []);
  return (
    <>
      <ExamBar attempt={attempt} />
      <StepFrame title={paused ? t('exam.paused') : t('exam.title')} lead={attempt.exam.title} wide={attempt.work?.embed === true} testId="exam">
        <LiveNotice />
        <WarningList attempt={attempt} />
        <BreakBox attempt={attempt} />
        {paused && attempt.breaks?.since === undefined && (
          <Alert icon={<IconPlayerPause aria-hidden />} role="status">
            <Text size="md">{t('exam.pausedText')}</Text>
          </Alert>
        )}
        {attempt.again?.demandedAt !== undefined && (
          <Alert color="orange" icon={<IconShieldQuestion aria-hidden />} role="status" data-testid="again-failed">
            <Text size="md">{t('again.failed')}</Text>
          </Alert>
        )}
        {attempt.exam.page.fullScreen && !paused && <FullScreenNotice />}
        {attempt.work === undefined ? <Text>{t('exam.text')}</Text> : <WorkPanel work={attempt.work} />}
        <Stack gap="sm">
          {hidden ? (
            <Paper withBorder p="lg" radius="lg">
              <Text c="dimmed" ta="center" data-testid="self-view-hidden">
                {t('exam.hidden')}
              </Text>
            </Paper>
          ) : (
            <SelfView stream={stream} small />
          )}
          <Group justify="space-between">
            <Button size="md" variant="subtle" onClick={() => setHidden(!hidden)} data-testid="toggle-self-view">
              {hidden ? t('exam.show') : t('exam.hide')}
            </Button>
            <Button onClick={() => setHandingIn(true)} data-testid="hand-in">
              {t('exam.handIn')}
            </Button>
          </Group>
        </Stack>
        <Stack gap={4}>
          <Text size="md" c="dimmed">
            {t('exam.gap')}
          </Text>
          {watches(attempt.exam.page) && (
            <Text size="md" c="dimmed" data-testid="watch-bar">
              {t('way:watch.bar')}
            </Text>
          )}
          <ContactLine contact={attempt.exam.contact} />
        </Stack>
        <ConfirmModal
          opened={handingIn}
          title={t('exam.handInTitle')}
          text={t('exam.handInText')}
          confirmLabel={t('exam.handInConfirm')}
          pending={finish.isPending}
          error={finish.error}
          onConfirm={() => finish.mutate()}
          onClose={() => setHandingIn(false)}
          testId="hand-in"
        />
      </StepFrame>
    </>
  );
}
