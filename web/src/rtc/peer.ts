/** The part of RTCPeerConnection that is used; tests bring their own. */
export interface PeerLike {
  readonly connectionState: RTCPeerConnectionState;
  readonly localDescription: { sdp: string } | null;
  onicecandidate: ((event: RTCPeerConnectionIceEvent) => void) | null;
  onconnectionstatechange: ((event: Event) => void) | null;
  addTransceiver(track: MediaStreamTrack, init: RTCRtpTransceiverInit): RTCRtpTransceiver;
  getTransceivers(): RTCRtpTransceiver[];
  createOffer(): Promise<RTCSessionDescriptionInit>;
  createAnswer(): Promise<RTCSessionDescriptionInit>;
  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void>;
  getStats(): Promise<Iterable<[string, unknown]>>;
  close(): void;
}

export type CreatePeer = (configuration: RTCConfiguration) => PeerLike;

/** Reads what the browser can code; undefined where it cannot tell. */
export type VideoCodecs = () => RTCRtpCodec[] | undefined;

export const browserPeer: CreatePeer = (configuration) => new RTCPeerConnection(configuration);

export const browserVideoCodecs: VideoCodecs = () => RTCRtpReceiver.getCapabilities('video')?.codecs;

/** Keeps only VP8: the server samples and records VP8 and nothing else. */
export function onlyVP8(codecs: RTCRtpCodec[]): RTCRtpCodec[] {
  return codecs.filter((codec) => codec.mimeType.toLowerCase() === 'video/vp8');
}

/**
 * The other side's candidates may come before its description; they wait here until it
 * is set, because the browser refuses them earlier.
 */
export class CandidateQueue {
  readonly #peer: PeerLike;
  #waiting: (RTCIceCandidateInit | null)[] | undefined = [];

  constructor(peer: PeerLike) {
    this.#peer = peer;
  }

  async add(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (this.#waiting !== undefined) {
      if (this.#waiting.length < 100) this.#waiting.push(candidate);
      return;
    }
    await this.#give(candidate);
  }

  /** To be called when the remote description is set. */
  async open(): Promise<void> {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const candidate of waiting) await this.#give(candidate);
  }

  async #give(candidate: RTCIceCandidateInit | null): Promise<void> {
    try {
      // The end of candidates is told by a null; not every browser takes it as an argument.
      if (candidate !== null) await this.#peer.addIceCandidate(candidate);
    } catch {
      // One bad candidate is no reason to give up the others; a connection that
      // cannot be made shows itself in connectionState.
    }
  }
}
