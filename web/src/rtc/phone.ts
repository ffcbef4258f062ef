import type { PhoneDoor, PhoneView } from '../api/phone';
import { codeOf } from '../api/problem';
import { onlyVP8, type CreatePeer, type PeerLike, type VideoCodecs } from './peer';
import { Store } from './store';

export interface PhoneState {
  /** replaced: another phone has taken the place, or the code is no good any more; over: the exam has ended. */
  phase: 'idle' | 'connecting' | 'live' | 'lost' | 'replaced' | 'over';
  /** The exam's title, once it is known. */
  exam: string;
}

export interface PhoneOptions {
  door: Pick<PhoneDoor, 'view' | 'publish'>;
  createPeer: CreatePeer;
  videoCodecs: VideoCodecs;
}

const lookEveryMs = 3_000;
/** A connection that the server does not see after so many looks is made anew. */
const looksUnseen = 5;

/**
 * Sends a phone's camera as the attempt's second one, and keeps at it: whatever breaks is begun again at the next look. It
 * knows nothing of the attempt but what its token lets it read.
 */
export class PhoneSender {
  readonly state = new Store<PhoneState>({ phase: 'idle', exam: '' });
  readonly #options: PhoneOptions;
  #token = '';
  #stream: MediaStream | undefined;
  #peer: PeerLike | undefined;
  #sender: RTCRtpSender | undefined;
  #unseen = 0;
  /** Whether the server has known of this connection: then it is gone when the server waits for one. */
  #known = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the starts, so that a late answer of an earlier one is thrown away. */
  #turn = 0;

  constructor(options: PhoneOptions) {
    this.#options = options;
  }

  start(token: string, stream: MediaStream): void {
    this.#token = token;
    this.#stream = stream;
    this.state.patch({ phase: 'connecting' });
    this.#again(++this.#turn, 0);
  }

  /** Goes on with another camera of the phone, on the connection that stands. */
  change(stream: MediaStream): void {
    this.#stream = stream;
    const track = stream.getVideoTracks()[0];
    if (track !== undefined) void this.#sender?.replaceTrack(track).catch(() => this.#closePeer());
  }

  /** Looks at once: the page came back to the front, or the network did. */
  lookNow(): void {
    if (this.#timer !== undefined) this.#again(this.#turn, 0);
  }

  stop(): void {
    this.#turn++;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closePeer();
  }

  #again(turn: number, ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(turn), ms);
  }

  async #look(turn: number): Promise<void> {
    let view: PhoneView;
    try {
      view = await this.#options.door.view(this.#token);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (codeOf(error) === 'token_invalid') this.#end('replaced');
      else {
        this.state.patch({ phase: 'lost' });
        this.#again(turn, lookEveryMs);
      }
      return;
    }
    if (turn !== this.#turn) return;
    this.state.patch({ exam: view.exam });
    if (view.over) {
      this.#end('over');
      return;
    }
    this.#unseen = view.state === 'live' ? 0 : this.#unseen + 1;
    const gone = this.#known && view.state === 'waiting'; // with its node, when the exam has moved to another one
    this.#known ||= view.state !== 'waiting';
    const broken = gone || this.#peer?.connectionState === 'failed' || this.#peer?.connectionState === 'closed';
    if (this.#peer === undefined || broken || this.#unseen > looksUnseen) {
      this.state.patch({ phase: this.#peer === undefined ? 'connecting' : 'lost' });
      await this.#publish(view);
      if (turn !== this.#turn) return;
    } else {
      this.state.patch({ phase: view.state === 'live' ? 'live' : this.#unseen > 1 ? 'lost' : 'connecting' });
    }
    this.#again(turn, this.state.get().phase === 'live' ? lookEveryMs : lookEveryMs / 3);
  }

  async #publish(view: PhoneView): Promise<void> {
    this.#closePeer();
    this.#unseen = 0;
    this.#known = false;
    const track = this.#stream?.getVideoTracks()[0];
    if (this.#stream === undefined || track === undefined) return;
    const peer = this.#options.createPeer({ iceServers: view.iceServers });
    this.#peer = peer;
    const transceiver = peer.addTransceiver(track, {
      direction: 'sendonly',
      streams: [this.#stream],
      sendEncodings: [{ maxBitrate: view.rate * 1000 }],
    });
    this.#sender = transceiver.sender;
    const codecs = onlyVP8(this.#options.videoCodecs() ?? []);
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
    try {
      await peer.setLocalDescription(await peer.createOffer());
      // Our own candidates need not be told: the server learns them from the connectivity checks.
      const answer = await this.#options.door.publish(this.#token, peer.localDescription?.sdp ?? '');
      if (this.#peer === peer) await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch {
      if (this.#peer === peer) this.#closePeer(); // the next look begins anew
    }
  }

  #end(phase: 'replaced' | 'over'): void {
    this.stop();
    this.state.patch({ phase });
  }

  #closePeer(): void {
    this.#peer?.close();
    this.#peer = undefined;
    this.#sender = undefined;
  }
}
