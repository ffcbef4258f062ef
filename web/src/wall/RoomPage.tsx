import { Container } from '@mantine/core';
import { useDeferredValue } from 'react';
import { useParams } from 'react-router';
import { useKeepSignedIn } from '../api/session';
import { usePart } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { KeysProvider } from './keysOn';
import { Room } from './Room';
import { useRoomQuery, useViewer } from './useRoom';

/** One exam's room. */
export default function RoomPage() {
  const { id = '' } = useParams();
  const viewer = useViewer(id);
  useKeepSignedIn();
  if (viewer === undefined) return <LoadingView />;
  return (
    <KeysProvider key={id}>
      <RoomOf examId={id} viewer={viewer} />
    </KeysProvider>
  );
}

function RoomOf({ examId, viewer }: { examId: string; viewer: Viewer }) {
  const told = usePart(viewer.state, 'room');
  const first = useRoomQuery(examId);
  // Made in pieces between the frames, and once for changes that come close together.
  const room = useDeferredValue(told ?? first.data);
  if (room !== undefined) {
    return (
      <>
        <PageTitle title={room.exam.title} />
        <Room room={room} viewer={viewer} />
      </>
    );
  }
  if (first.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={first.error} onRetry={() => void first.refetch()} />
      </Container>
    );
  }
  return <LoadingView />;
}
