import { socketURL } from '../api/base';
import { browserPeer, browserVideoCodecs } from './peer';
import { Publisher } from './publisher';
import { Viewer } from './viewer';

const openSocket = (url: string) => new WebSocket(url);

/** The publisher of one attempt with the browser's own parts. */
export function createPublisher(attemptId: string): Publisher {
  return new Publisher({
    url: socketURL(`api/attempts/${encodeURIComponent(attemptId)}/connection`),
    openSocket,
    createPeer: browserPeer,
    videoCodecs: browserVideoCodecs,
  });
}

/** The viewer of one exam with the browser's own parts. */
export function createViewer(examId: string): Viewer {
  return new Viewer({
    url: socketURL(`api/exams/${encodeURIComponent(examId)}/watch`),
    openSocket,
    createPeer: browserPeer,
    createStream: (tracks) => new MediaStream(tracks),
  });
}
