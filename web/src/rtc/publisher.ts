import type { Attempt, Problem } from '../api/types';
import { CandidateQueue, onlyVP8, type CreatePeer, type PeerLike, type VideoCodecs } from './peer';
import { readPath, type PathReading } from './path';
import { ReconnectingSocket, type OpenSocket, type SocketStatus } from './socket';
import { Store } from './store';
import type { IdentificationPhase, MediaState, Rates, StudentClientMessage, StudentServerMessage, VoiceNote } from './wire';

export interface PublisherState {
  socket: SocketStatus;
  /** What the server says of the picture and the sound: only it knows that they arrive. */
  media: MediaState;
  /** The newest attempt the server told of. */
  attempt: Attempt | undefined;
  identification: IdentificationPhase | undefined;
  /** The proctor who speaks to the student aloud. */
  voice: VoiceNote | undefined;
  /** What she says: there as long as the connection, silent most of the time. */
  sound: MediaStreamTrack | undefined;
  problem: Problem | undefined;
}

export interface PublisherOptions {
  url: string;
  openSocket: OpenSocket;
  createPeer: CreatePeer;
  videoCodecs: VideoCodecs;
}

const initial: PublisherState = {
  socket: { phase: 'closed', failures: 0, closeCode: 0 },
  media: 'connecting',
  attempt: undefined,
  identification: undefined,
  voice: undefined,
  sound: undefined,
  problem: undefined,
};

const lowHeight = 240;
const screenFrames = 5;

/**
 * The camera goes out twice: whole, which the server records and looks at, and small for a wall of many students.
 * A picture that is small itself goes out once: browsers leave out the larger layer of those.
 *
 * On a network that does not carry the ceilings the browser takes from the pictures, down to some 64 kbit/s, before the
 * sound suffers: that is what the priorities are for.
 */
function cameraEncodings(track: MediaStreamTrack, rates: Rates): RTCRtpEncodingParameters[] {
  const { width = 0, height = 0 } = track.getSettings();
  if (width < 2 * lowHeight || height < 2 * lowHeight) return [{ maxBitrate: rates.high * 1000, priority: 'low' }];
  return [
    { rid: 'l', scaleResolutionDownBy: height / lowHeight, maxBitrate: rates.low * 1000, priority: 'low' },
    { rid: 'h', maxBitrate: rates.high * 1000, priority: 'low' },
  ];
}

/** Marks the screen's section (RFC 4796): nothing else tells it from a camera's. */
function marked(sdp: string, mid: string | null | undefined): string {
  if (mid === null || mid === undefined) return sdp;
  const line = `a=mid:${mid}\r\n`;
  return sdp.replace(line, `${line}a=content:slides\r\n`);
}

/**
 * Sends one student's camera, microphone and screen to the server and follows her attempt.
 *
 * Every socket makes a fresh peer connection: after a lost network the two sides have
 * nothing old to agree about. A peer connection that fails restarts the socket.
 */
export class Publisher {
  readonly state = new Store<PublisherState>(initial);
  readonly #options: PublisherOptions;
  readonly #socket: ReconnectingSocket;
  #stream: MediaStream | undefined;
  #screen: MediaStream | undefined;
  #iceServers: RTCIceServer[] = [];
  #rates: Rates = { low: 150, high: 1000, screen: 800, phone: 500 };
  #peer: PeerLike | undefined;
  /** The screen's part of the peer connection, once there was a screen. */
  #display: RTCRtpTransceiver | undefined;
  /** An offer waits for its answer; something changed meanwhile that wants another one. */
  #offered = false;
  #changed = false;
  #candidates: CandidateQueue | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#socket = new ReconnectingSocket({
      url: options.url,
      open: options.openSocket,
      onMessage: (message) => void this.#receive(message as StudentServerMessage),
      onStatus: (socket) => {
        this.state.patch(
          socket.phase === 'open' ? { socket } : { socket, media: socket.phase === 'waiting' ? 'lost' : this.state.get().media },
        );
        if (socket.phase !== 'open') this.#closePeer();
      },
    });
  }

  /** Begins, or goes on with another stream when a camera or microphone was changed. */
  start(stream: MediaStream): void {
    if (this.#stream === stream && this.#socket.status.phase !== 'closed') return;
    this.#stream = stream;
    if (this.#socket.status.phase === 'closed') {
      this.state.patch({ ...initial });
      this.#socket.start();
    } else {
      this.#socket.reopen();
    }
  }

  /** Sends the screen beside the camera, or, without one, takes it back. The camera goes on undisturbed. */
  share(screen: MediaStream | undefined): void {
    if (this.#screen === screen) return;
    this.#screen = screen;
    void this.#renegotiate();
  }

  /** Shows the first phase at once, before the server tells of it; the last result is forgotten. */
  expectIdentification(): void {
    this.state.patch({ identification: { phase: 'looking' }, problem: undefined });
  }

  /** Forgets a phase or a result, for example when the server would not begin. */
  clearIdentification(): void {
    this.state.patch({ identification: undefined });
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  /** Starts over with a new socket and peer connection. */
  restart(): void {
    if (this.#socket.status.phase === 'closed' && this.#stream !== undefined) this.start(this.#stream);
    else this.#socket.restart();
  }

  /** How the media go now; undefined without a connection. */
  async path(): Promise<PathReading | undefined> {
    const stats = await this.#peer?.getStats();
    return stats === undefined ? undefined : readPath(stats);
  }

  stop(): void {
    this.#socket.stop();
    this.#closePeer();
    this.#stream = undefined;
  }

  #send(message: StudentClientMessage): void {
    this.#socket.send(message);
  }

  async #receive(message: StudentServerMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        this.#iceServers = message.iceServers;
        this.#rates = message.rates;
        this.state.patch({
          attempt: message.attempt,
          media: 'connecting',
          problem: undefined,
          identification: this.#stillTrue(message.attempt),
        });
        await this.#publish();
        break;
      case 'answer':
        await this.#accept(message.sdp);
        break;
      case 'candidate':
        await this.#candidates?.add(message.candidate);
        break;
      case 'media':
        this.state.patch({ media: message.state });
        break;
      case 'attempt':
        this.state.patch({ attempt: message.attempt });
        break;
      case 'identification':
        this.state.patch({ identification: message });
        break;
      case 'voice':
        this.state.patch({ voice: message.voice ?? undefined });
        break;
      case 'error':
        this.#offered = false; // no answer comes to what was refused
        this.state.patch({ problem: message.problem });
        break;
      case 'pong':
        break;
    }
  }

  /** A phase seen before the socket was lost holds only while the server still identifies. */
  #stillTrue(attempt: Attempt): IdentificationPhase | undefined {
    const { identification } = this.state.get();
    return attempt.state === 'identifying' || identification?.phase === 'done' ? identification : undefined;
  }

  async #publish(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#tellCamera(stream);
    this.#closePeer();
    const peer = this.#options.createPeer({ iceServers: this.#iceServers });
    this.#peer = peer;
    this.#offered = true;
    this.#candidates = new CandidateQueue(peer);
    peer.onicecandidate = (event) => {
      if (this.#peer === peer) this.#send({ type: 'candidate', candidate: event.candidate?.toJSON() ?? null });
    };
    peer.onconnectionstatechange = () => {
      if (this.#peer !== peer) return;
      if (peer.connectionState === 'failed') this.#socket.restart();
      if (peer.connectionState === 'disconnected') this.#socket.check();
    };
    for (const track of stream.getVideoTracks().slice(0, 1)) {
      const sendEncodings = cameraEncodings(track, this.#rates);
      this.#preferVP8(peer.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings }));
    }
    for (const track of stream.getAudioTracks().slice(0, 1)) {
      // On the same section comes what a proctor says.
      const microphone = peer.addTransceiver(track, { direction: 'sendrecv', streams: [stream], sendEncodings: [{ priority: 'high' }] });
      this.state.patch({ sound: microphone.receiver.track });
    }
    await this.#putScreen(peer);
    await this.#offer(peer);
  }

  /** Offers again after the screen came or went; an answer that is awaited is awaited first. */
  async #renegotiate(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return; // the next offer has it
    if (this.#offered) {
      this.#changed = true;
      return;
    }
    this.#offered = true;
    await this.#putScreen(peer);
    await this.#offer(peer);
  }

  /** Makes the peer connection send the screen there is, or none. */
  async #putScreen(peer: PeerLike): Promise<void> {
    const screen = this.#screen;
    const track = screen?.getVideoTracks()[0];
    const display = this.#display;
    if (display === undefined) {
      if (screen === undefined || track === undefined) return;
      this.#display = peer.addTransceiver(track, {
        direction: 'sendonly',
        streams: [screen],
        sendEncodings: [{ maxBitrate: this.#rates.screen * 1000, maxFramerate: screenFrames, priority: 'low' }],
      });
      this.#preferVP8(this.#display);
      return;
    }
    display.direction = track === undefined ? 'inactive' : 'sendonly';
    // A peer connection that was closed meanwhile refuses; the next one begins with the screen there is.
    await display.sender.replaceTrack(track ?? null).catch(() => undefined);
  }

  async #offer(peer: PeerLike): Promise<void> {
    this.#offered = true;
    try {
      const offer = await peer.createOffer();
      await peer.setLocalDescription(offer);
      if (this.#peer !== peer) return;
      const sdp = peer.localDescription?.sdp ?? offer.sdp ?? '';
      const screen = this.#display?.direction === 'sendonly' ? this.#display.mid : undefined;
      this.#send({ type: 'offer', sdp: marked(sdp, screen) });
    } catch {
      // The peer connection was closed meanwhile, or the browser could not make an offer:
      // in the second case a new socket begins afresh.
      if (this.#peer === peer) this.#socket.restart();
    }
  }

  #tellCamera(stream: MediaStream): void {
    const track = stream.getVideoTracks()[0];
    if (track === undefined) return;
    const { frameRate = 0, width = 0, height = 0 } = track.getSettings();
    this.#send({ type: 'camera', camera: { label: track.label.slice(0, 100), frameRate, width, height } });
  }

  #preferVP8(transceiver: RTCRtpTransceiver): void {
    const codecs = onlyVP8(this.#options.videoCodecs() ?? []);
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
  }

  async #accept(sdp: string): Promise<void> {
    const peer = this.#peer;
    const candidates = this.#candidates;
    if (peer === undefined || candidates === undefined) return;
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp });
      await candidates.open();
      if (this.#peer !== peer) return;
      this.#offered = false;
      if (this.#changed) {
        this.#changed = false;
        await this.#renegotiate();
      }
    } catch {
      if (this.#peer === peer) this.#socket.restart();
    }
  }

  #closePeer(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    this.#candidates = undefined;
    this.#display = undefined;
    this.#offered = this.#changed = false;
    if (peer === undefined) return;
    peer.onicecandidate = null;
    peer.onconnectionstatechange = null;
    peer.close();
    this.state.patch({ voice: undefined, sound: undefined });
  }
}
