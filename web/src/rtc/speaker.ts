import { problemOf, type DeviceProblem } from '../media/deviceProblem';
import { Store } from './store';
import type { TalkTo, Viewer } from './viewer';

export interface SpeakerState {
  /** Whom the proctor speaks to, from the moment she wants to. */
  to: TalkTo | undefined;
  /** Her microphone while it is open. */
  stream: MediaStream | undefined;
  /** Why it does not open, and for whom it was wanted. */
  failed: { problem: DeviceProblem; to: TalkTo } | undefined;
}

const silent: SpeakerState = { to: undefined, stream: undefined, failed: undefined };

/**
 * The proctor's microphone: open while she speaks and not a moment longer, so that nobody is heard who does not know it.
 */
export class Speaker {
  readonly state = new Store<SpeakerState>(silent);
  readonly #viewer: Pick<Viewer, 'talk' | 'hush' | 'state'>;
  readonly #open: () => Promise<MediaStream>;
  /** Counts the wishes, so that a microphone that opens too late is closed again. */
  #turn = 0;

  constructor(viewer: Pick<Viewer, 'talk' | 'hush' | 'state'>, open: () => Promise<MediaStream>) {
    this.#viewer = viewer;
    this.#open = open;
  }

  /** Follows the talk, which may end by itself, until the returned function is called. */
  attach(): () => void {
    const leave = this.#viewer.state.subscribe(() => {
      if (this.#viewer.state.get().talkEnd !== undefined) this.#close();
    });
    return () => {
      leave();
      this.end();
    };
  }

  async begin(to: TalkTo): Promise<void> {
    const turn = ++this.#turn;
    this.state.patch({ to, failed: undefined });
    let { stream } = this.state.get();
    if (stream === undefined) {
      try {
        stream = await this.#open();
      } catch (error) {
        if (turn === this.#turn) this.#fail(problemOf(error, { cameras: 1, microphones: 0 }), to);
        return;
      }
    }
    const track = stream.getAudioTracks()[0];
    if (turn !== this.#turn || track === undefined) {
      for (const one of stream.getTracks()) one.stop();
      return;
    }
    track.onended = () => {
      if (this.state.get().stream === stream) this.#fail('unplugged', to);
    };
    this.state.patch({ stream });
    this.#viewer.talk(to, track);
  }

  end(): void {
    if (this.state.get().to === undefined) return;
    this.#viewer.hush();
    this.#close();
  }

  forgive(): void {
    this.state.patch({ failed: undefined });
  }

  #fail(problem: DeviceProblem, to: TalkTo): void {
    this.#viewer.hush();
    this.#close();
    this.state.patch({ failed: { problem, to } });
  }

  #close(): void {
    this.#turn++;
    for (const track of this.state.get().stream?.getTracks() ?? []) track.stop();
    this.state.patch({ to: undefined, stream: undefined });
  }
}
