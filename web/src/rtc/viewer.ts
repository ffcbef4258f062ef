import type { Attempt, ExamRoom, Problem, RoomAttempt, StaffCard } from '../api/types';
import { Levels } from './levels';
import { CandidateQueue, type CreatePeer, type PeerLike } from './peer';
import { ReconnectingSocket, type OpenSocket, type SocketStatus } from './socket';
import { Store } from './store';
import type { IdentificationPhase, ProctorClientMessage, ProctorServerMessage, TalkOver, TalkStatus, TrackInfo, VoiceInUse } from './wire';

export interface LargeStreams {
  camera: MediaStream | undefined;
  screen: MediaStream | undefined;
  phone: MediaStream | undefined;
}

/** What is on the page: small pictures, one student large, one listened to. */
export interface Scene {
  small: string[];
  large: string | undefined;
  heard: string | undefined;
}

const sameScene = (a: Scene, b: Scene) =>
  a.large === b.large && a.heard === b.heard && a.small.length === b.small.length && a.small.every((id, index) => id === b.small[index]);

/** Changes of students that come within so many ms are told together. */
const together = 80;

export interface ViewerState {
  socket: SocketStatus;
  /** The room as the server told it, kept up to date; undefined before the first hello. */
  room: ExamRoom | undefined;
  /** The small pictures by attempt: one video track each. */
  streams: ReadonlyMap<string, MediaStream>;
  /** What is large, by attempt: the camera with the sound where it is heard, the screen and the phone. */
  large: ReadonlyMap<string, LargeStreams>;
  /** What an identification under way is doing, by attempt. */
  identifications: ReadonlyMap<string, IdentificationPhase>;
  /** Who have the room open, oneself included. */
  people: StaffCard[];
  /** How the proctor's own talk goes; undefined when she does not speak. */
  talk: TalkStatus | undefined;
  /** How the last one ended. */
  talkEnd: TalkEnd | undefined;
  /** Who speaks aloud in the room, oneself included. */
  voices: VoiceInUse[];
  problem: Problem | undefined;
}

export interface TalkEnd {
  over: TalkOver | 'lost';
  problem: Problem | undefined;
}

/** Whom a proctor speaks to. */
export type TalkTo = { attempt: string } | 'all';

export interface ViewerOptions {
  url: string;
  openSocket: OpenSocket;
  createPeer: CreatePeer;
  /** Makes a stream of tracks; the browser's MediaStream outside tests. */
  createStream: (tracks: MediaStreamTrack[]) => MediaStream;
}

/**
 * Shows a proctor the students of one exam. The server always offers and the viewer
 * answers; it says which attempts are on the screen and gets those and no others.
 */
export class Viewer {
  readonly state = new Store<ViewerState>({
    socket: { phase: 'closed', failures: 0, closeCode: 0 },
    room: undefined,
    streams: new Map(),
    large: new Map(),
    identifications: new Map(),
    people: [],
    talk: undefined,
    talkEnd: undefined,
    voices: [],
    problem: undefined,
  });
  readonly #options: ViewerOptions;
  readonly #socket: ReconnectingSocket;
  #iceServers: RTCIceServer[] = [];
  #peer: PeerLike | undefined;
  #candidates: CandidateQueue | undefined;
  #scene: Scene = { small: [], large: undefined, heard: undefined };
  #looked: string | undefined;
  /** Students who changed and are not told of yet: a room that is admitted, or lost, changes as a whole. */
  readonly #changed = new Map<string, RoomAttempt>();
  #telling: ReturnType<typeof setTimeout> | undefined;
  #microphone: MediaStreamTrack | undefined;
  /** The section on which it is sent. */
  #microphoneMid: string | undefined;
  /** A talk was asked for and has not ended. */
  #talking = false;
  /** Offers are answered one after another, each wholly, in the order they came. */
  #negotiation: Promise<void> = Promise.resolve();

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#socket = new ReconnectingSocket({
      url: options.url,
      open: options.openSocket,
      onMessage: (message) => this.#receive(message as ProctorServerMessage),
      onStatus: (socket) => {
        this.state.patch({ socket });
        if (socket.phase !== 'open') this.#closePeer();
      },
    });
  }

  start(): void {
    this.#socket.start();
  }

  /** How loud the students are, 0 (silence) to 1; apart from the rest, since it changes four times a second. */
  readonly levels = new Levels();

  /** Says what is on the page and heard; replaces what was said before. */
  show(scene: Scene): void {
    if (sameScene(scene, this.#scene)) return;
    this.#scene = { ...scene, small: [...scene.small] };
    this.#sayScene();
  }

  #sayScene(): void {
    const { small, large, heard } = this.#scene;
    const list = (id: string | undefined) => (id === undefined ? [] : [id]);
    this.#send({ type: 'watch', attempts: small, large: list(large), heard: list(heard) });
  }

  /** Says which student is open large, undefined for none: the log tells of the look. */
  look(attempt: string | undefined): void {
    if (attempt === this.#looked) return;
    this.#looked = attempt;
    if (attempt !== undefined) this.#send({ type: 'look', attempt });
  }

  /** Lets a student, or everybody, hear this microphone, instead of those who heard it before. */
  talk(to: TalkTo, microphone: MediaStreamTrack): void {
    this.#talking = true;
    this.state.patch({ talkEnd: undefined });
    void this.#sendMicrophone(microphone);
    this.#send(to === 'all' ? { type: 'talk', all: true } : { type: 'talk', attempt: to.attempt });
  }

  /** Ends it: at once on this side, whatever the server says. */
  hush(): void {
    if (!this.#talking) return;
    this.#talking = false;
    void this.#sendMicrophone(undefined);
    this.#send({ type: 'hush' });
  }

  /** Forgets how the last talk ended. */
  forgetTalk(): void {
    this.state.patch({ talkEnd: undefined });
  }

  async #sendMicrophone(track: MediaStreamTrack | undefined): Promise<void> {
    this.#microphone = track;
    const section = this.#peer?.getTransceivers().find(({ mid }) => mid !== null && mid === this.#microphoneMid);
    try {
      await section?.sender.replaceTrack(track ?? null);
    } catch {
      // The connection was closed meanwhile; its end ends the talk.
    }
  }

  #endTalk(over: TalkEnd['over'], problem?: Problem): void {
    this.#talking = false;
    void this.#sendMicrophone(undefined);
    this.state.patch({ talk: undefined, talkEnd: { over, problem } });
  }

  /** Takes over an answer of the API, so that the page does not wait for the socket to tell it. */
  applyRoom(room: ExamRoom): void {
    this.#changed.clear();
    this.state.patch({ room });
  }

  /** The same for one attempt; whether it is connected stays as it was. */
  applyAttempt(attempt: Attempt): void {
    this.#tell();
    const known = this.state.get().room?.attempts.find((entry) => entry.attempt.id === attempt.id);
    this.#changed.set(attempt.id, { attempt, connected: known?.connected ?? false });
    this.#tell();
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  stop(): void {
    clearTimeout(this.#telling);
    this.#socket.stop();
    this.#closePeer();
  }

  #send(message: ProctorClientMessage): void {
    this.#socket.send(message);
  }

  #receive(message: ProctorServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#iceServers = message.iceServers;
        this.#changed.clear();
        this.state.patch({ room: message.room, problem: undefined });
        this.#sayScene();
        if (this.#looked !== undefined) this.#send({ type: 'look', attempt: this.#looked });
        break;
      case 'offer':
        this.#negotiation = this.#negotiation.then(() => this.#answer(message.sdp, message.tracks, message.microphone));
        break;
      case 'talk':
        if (message.talk !== null) this.state.patch({ talk: message.talk });
        // The end of a talk that another one has replaced says nothing of that one.
        else if (message.over !== 'hushed' || !this.#talking) this.#endTalk(message.over ?? 'hushed', message.problem);
        break;
      case 'voices':
        this.state.patch({ voices: message.voices });
        break;
      case 'candidate':
        void this.#candidates?.add(message.candidate);
        break;
      case 'attempt':
        this.#changed.set(message.roomAttempt.attempt.id, message.roomAttempt);
        this.#telling ??= setTimeout(() => this.#tell(), together);
        break;
      case 'levels':
        this.levels.tell(message.levels);
        break;
      case 'presence':
        this.state.patch({ people: message.people });
        break;
      case 'identification':
        this.#applyIdentification(message.attemptId, message);
        break;
      case 'error':
        this.state.patch({ problem: message.problem });
        break;
      case 'pong':
        break;
    }
  }

  /** Puts the students who changed into the room. */
  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const { room } = this.state.get();
    if (room === undefined || this.#changed.size === 0) return;
    const changed = new Map(this.#changed);
    this.#changed.clear();
    const attempts = room.attempts.map((entry) => {
      const now = changed.get(entry.attempt.id) ?? entry;
      changed.delete(entry.attempt.id);
      return now;
    });
    this.state.patch({ room: { ...room, attempts: [...attempts, ...changed.values()] } });
  }

  #applyIdentification(attemptId: string, phase: IdentificationPhase): void {
    const identifications = new Map(this.state.get().identifications);
    // The result arrives with the attempt itself; only what is under way is kept here.
    if (phase.phase === 'done') identifications.delete(attemptId);
    else identifications.set(attemptId, phase);
    this.state.patch({ identifications });
  }

  async #answer(sdp: string, tracks: TrackInfo[], microphone: string | undefined): Promise<void> {
    const peer = this.#peer ?? this.#openPeer();
    const candidates = this.#candidates;
    try {
      await peer.setRemoteDescription({ type: 'offer', sdp });
      await candidates?.open();
      this.#microphoneMid = microphone;
      const section = peer.getTransceivers().find(({ mid }) => mid !== null && mid === microphone);
      if (section !== undefined) {
        section.direction = 'sendonly';
        await section.sender.replaceTrack(this.#microphone ?? null);
      }
      const answer = await peer.createAnswer();
      await peer.setLocalDescription(answer);
      if (this.#peer !== peer) return;
      this.#send({ type: 'answer', sdp: peer.localDescription?.sdp ?? answer.sdp ?? '' });
      this.#collect(peer, tracks);
    } catch {
      // A closed peer connection has a successor already; a broken one needs a new socket.
      if (this.#peer === peer) this.#socket.restart();
    }
  }

  /** Sorts the received tracks by student and place; a stream whose tracks did not change stays the same object. */
  #collect(peer: PeerLike, tracks: TrackInfo[]): void {
    const byMid = new Map(peer.getTransceivers().map((transceiver) => [transceiver.mid, transceiver.receiver.track]));
    const of = (attemptId: string) =>
      tracks.flatMap((info) => {
        const track = info.attemptId === attemptId ? byMid.get(info.mid) : undefined;
        return track === undefined ? [] : [{ info, track }];
      });
    const before = this.state.get();
    const stream = (old: MediaStream | undefined, list: MediaStreamTrack[]): MediaStream | undefined => {
      if (list.length === 0) return undefined;
      const same = old?.getTracks().length === list.length && list.every((track) => old.getTracks().includes(track));
      return old !== undefined && same ? old : this.#options.createStream(list);
    };
    const streams = new Map<string, MediaStream>();
    const large = new Map<string, LargeStreams>();
    for (const attemptId of new Set(tracks.map((info) => info.attemptId))) {
      const own = of(attemptId);
      const camera = own.filter(({ info }) => info.media === 'video' && info.source === 'camera');
      const high = camera.find(({ info }) => info.layer !== 'low');
      const small = camera.find(({ info }) => info.layer === 'low') ?? high;
      const sound = own.find(({ info }) => info.media === 'audio');
      const screen = own.find(({ info }) => info.source === 'screen');
      const phone = own.find(({ info }) => info.source === 'phone');
      const tile = stream(before.streams.get(attemptId), small === undefined ? [] : [small.track]);
      if (tile !== undefined) streams.set(attemptId, tile);
      const old = before.large.get(attemptId);
      const whole = stream(old?.camera, [high ?? small, sound].flatMap((one) => (one === undefined ? [] : [one.track])));
      const shown = stream(old?.screen, screen === undefined ? [] : [screen.track]);
      const second = stream(old?.phone, phone === undefined ? [] : [phone.track]);
      const same = old !== undefined && old.camera === whole && old.screen === shown && old.phone === second;
      large.set(attemptId, same ? old : { camera: whole, screen: shown, phone: second });
    }
    this.state.patch({ streams, large });
  }

  #openPeer(): PeerLike {
    const peer = this.#options.createPeer({ iceServers: this.#iceServers });
    this.#peer = peer;
    this.#candidates = new CandidateQueue(peer);
    peer.onicecandidate = (event) => {
      if (this.#peer === peer) this.#send({ type: 'candidate', candidate: event.candidate?.toJSON() ?? null });
    };
    peer.onconnectionstatechange = () => {
      if (this.#peer !== peer) return;
      if (peer.connectionState === 'failed') this.#socket.restart();
      if (peer.connectionState === 'disconnected') this.#socket.check();
    };
    return peer;
  }

  #closePeer(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    this.#candidates = undefined;
    this.#microphoneMid = undefined;
    this.state.patch({ voices: [] });
    if (this.#talking) this.#endTalk('lost'); // she begins again herself: a microphone must not open by itself
    if (peer === undefined) return;
    peer.onicecandidate = null;
    peer.onconnectionstatechange = null;
    peer.close();
    this.state.patch({ streams: new Map(), large: new Map() });
  }
}
