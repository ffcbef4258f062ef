import { Container } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useKeepSignedIn } from '../api/session';
import { useStore } from '../rtc/useStore';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import { rememberAttempt, useAttempt } from './attempt';
import { answerForExam } from './examTab';
import { HelpDock } from './HelpDock';
import classes from './Join.module.css';
import { ProctorVoice } from './ProctorVoice';
import { createLive, LiveContext, type Live } from './live';
import { StepView } from './StepView';

/** One attempt: holds the camera and the connection, follows the state, shows the step. */
export default function AttemptFlow({ attemptId }: { attemptId: string }) {
  const [live, setLive] = useState<Live>();
  useKeepSignedIn();
  useEffect(() => {
    const created = createLive(attemptId);
    // The camera and the socket live and end with this effect, not with a render.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setLive(created);
    const online = () => created.publisher.retryNow();
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('online', online);
      created.publisher.stop();
      created.devices.close();
      created.screen.close();
    };
  }, [attemptId]);
  if (live === undefined) return <LoadingView />;
  return (
    <LiveContext value={live}>
      <Followed attemptId={attemptId} live={live} />
    </LiveContext>
  );
}

function Followed({ attemptId, live }: { attemptId: string; live: Live }) {
  const client = useQueryClient();
  const { socket, attempt: told } = useStore(live.publisher.state);
  const attempt = useAttempt(attemptId, socket.phase === 'open');
  useEffect(() => {
    if (told !== undefined) rememberAttempt(client, told);
  }, [client, told]);
  // A socket that cannot be opened may have been refused: the API says why.
  const refused = socket.failures >= 2;
  const { refetch } = attempt;
  useEffect(() => {
    if (refused) void refetch();
  }, [refused, refetch]);
  const code = attempt.data?.exam.code;
  useEffect(() => (code === undefined ? undefined : answerForExam(code)), [code]);
  if (attempt.data !== undefined) {
    return (
      <div className={classes.flow}>
        <StepView attempt={attempt.data} />
        <HelpDock attempt={attempt.data}>
          <ProctorVoice />
        </HelpDock>
      </div>
    );
  }
  if (attempt.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={attempt.error} onRetry={() => void attempt.refetch()} />
      </Container>
    );
  }
  return <LoadingView />;
}
