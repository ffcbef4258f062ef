// Stand-ins for the browser's parts, for the tests of this folder only.
import { vi } from 'vitest';
import type { Attempt, ExamRoom, RoomAttempt } from '../api/types';
import type { PeerLike } from './peer';
import type { SocketLike } from './socket';

export class FakeSocket implements SocketLike {
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closedWith: number | undefined;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedWith = code;
  }

  /** The server accepted. */
  accept(): void {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }

  /** The server says something. */
  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) } as MessageEvent);
  }

  /** The server or the network closed. */
  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }

  sentOfType(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message.type === type);
  }
}

export class FakeSockets {
  readonly all: FakeSocket[] = [];
  readonly open = (url: string): FakeSocket => {
    const socket = new FakeSocket(url);
    this.all.push(socket);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.all.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }
}

export interface FakeTransceiver {
  mid: string | null;
  direction: RTCRtpTransceiverDirection;
  sender: { replaceTrack: (track: MediaStreamTrack | null) => Promise<void> };
  track: MediaStreamTrack | null;
  init: RTCRtpTransceiverInit | undefined;
  receiver: { track: MediaStreamTrack };
  setCodecPreferences: (codecs: RTCRtpCodec[]) => void;
  codecs: RTCRtpCodec[];
}

export class FakePeer implements PeerLike {
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: { sdp: string } | null = null;
  onicecandidate: ((event: RTCPeerConnectionIceEvent) => void) | null = null;
  onconnectionstatechange: ((event: Event) => void) | null = null;
  readonly configuration: RTCConfiguration;
  transceivers: FakeTransceiver[] = [];
  readonly remote: RTCSessionDescriptionInit[] = [];
  readonly candidates: (RTCIceCandidateInit | null)[] = [];
  closed = false;
  refuseRemote = false;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
  }

  stats: [string, unknown][] = [];
  getStats(): Promise<[string, unknown][]> {
    return Promise.resolve(this.stats);
  }

  addTransceiver(track: MediaStreamTrack, init: RTCRtpTransceiverInit): RTCRtpTransceiver {
    const transceiver: FakeTransceiver = {
      mid: String(this.transceivers.length),
      direction: init.direction ?? 'sendrecv',
      sender: {
        replaceTrack: (other) => {
          transceiver.track = other;
          return Promise.resolve();
        },
      },
      track,
      init,
      receiver: { track },
      codecs: [],
      setCodecPreferences: (codecs) => {
        transceiver.codecs = codecs;
      },
    };
    this.transceivers.push(transceiver);
    return transceiver as unknown as RTCRtpTransceiver;
  }

  /** What the other side sends, by mid. */
  receives(tracks: Record<string, MediaStreamTrack>): void {
    this.transceivers = Object.entries(tracks).map(([mid, track]) => {
      const transceiver: FakeTransceiver = {
        mid,
        direction: 'recvonly',
        sender: {
          replaceTrack: (sent) => {
            transceiver.track = sent;
            return Promise.resolve();
          },
        },
        track: null,
        init: undefined,
        receiver: { track },
        codecs: [],
        setCodecPreferences: () => undefined,
      };
      return transceiver;
    });
  }

  getTransceivers(): RTCRtpTransceiver[] {
    return this.transceivers as unknown as RTCRtpTransceiver[];
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    const lines = this.transceivers.map(({ mid, direction }) => `a=mid:${mid ?? ''}\r\na=${direction}\r\n`);
    return Promise.resolve({ type: 'offer', sdp: lines.join('') });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'answer', sdp: `answer-to-${this.remote.at(-1)?.sdp ?? ''}` });
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = { sdp: description.sdp ?? '' };
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.refuseRemote) return Promise.reject(new Error('not an SDP'));
    this.remote.push(description);
    return Promise.resolve();
  }

  addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (this.remote.length === 0) return Promise.reject(new Error('no remote description'));
    this.candidates.push(candidate);
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }

  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.({} as Event);
  }
}

export class FakePeers {
  readonly all: FakePeer[] = [];
  readonly create = (configuration: RTCConfiguration): FakePeer => {
    const peer = new FakePeer(configuration);
    this.all.push(peer);
    return peer;
  };

  get last(): FakePeer {
    const peer = this.all.at(-1);
    if (peer === undefined) throw new Error('no peer connection was made');
    return peer;
  }
}

export function fakeTrack(kind: 'video' | 'audio'): MediaStreamTrack {
  const settings = kind === 'video' ? { frameRate: 30, width: 640, height: 480 } : {};
  return { kind, id: `${kind}-track`, label: `${kind} device`, getSettings: () => settings } as MediaStreamTrack;
}

export function fakeStream(...tracks: MediaStreamTrack[]): MediaStream {
  return {
    getTracks: () => tracks,
    getVideoTracks: () => tracks.filter((track) => track.kind === 'video'),
    getAudioTracks: () => tracks.filter((track) => track.kind === 'audio'),
  } as MediaStream;
}

export function fakeAttempt(change: Partial<Attempt> = {}): Attempt {
  const exam = {
    id: 'exam',
    code: 'CODE',
    title: 'Exam',
    organisation: { name: 'University', shortName: 'U' },
    actNumber: '',
    actDate: '',
    startsAt: '2026-11-21T10:00:00Z',
    endsAt: '2026-11-21T12:00:00Z',
    contact: '',
    recorded: [],
      page: { tabs: false, focus: false, fullScreen: false },
      serverTime: '2026-11-21T08:00:00Z',
  };
  return {
    id: 'attempt',
    examId: 'exam',
    exam,
    student: { displayName: 'Student', group: '' },
    state: 'ready',
    stateReason: '',
    consent: { text: { id: 'text', version: 1, title: '', body: '', sha256: '' } },
    triesLeft: 3,
    triesTotal: 3,
    endsAt: '2026-11-21T12:00:00Z',
    extraMinutes: 0,
    voice: true,
    verifier: 'push',
    threshold: 0.75,
    serverTime: '2026-11-21T10:00:00Z',
    ...change,
  };
}

export function fakeEntry(change: Partial<Attempt>, connected = true): RoomAttempt {
  return { attempt: fakeAttempt(change), connected };
}

export function fakeRoom(...attempts: RoomAttempt[]): ExamRoom {
  return {
    exam: {
      id: 'exam',
      code: 'CODE',
      title: 'Exam',
      startsAt: '2026-11-21T10:00:00Z',
      endsAt: '2026-11-21T12:00:00Z',
      counts: { roster: 0, connected: 0, waiting: 0, admitted: 0, inProgress: 0, finished: 0 },
    },
    attempts,
  };
}

/** Lets every promise that is already settled run its callbacks; timers stay where they are. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
