import { Store } from '../rtc/store';
import { screenProblemOf, type ScreenProblem } from './screenProblem';

export interface ScreenState {
  /** The exam asks for the screen. */
  wanted: boolean;
  phase: 'closed' | 'asking' | 'shared' | 'failed';
  stream: MediaStream | undefined;
  problem: ScreenProblem | undefined;
}

/** What browsers understand beyond the types: Chromium's hints for its dialog. Others pass over them. */
interface Asked extends DisplayMediaStreamOptions {
  monitorTypeSurfaces?: 'include' | 'exclude';
  selfBrowserSurface?: 'include' | 'exclude';
  surfaceSwitching?: 'include' | 'exclude';
}

const asked: Asked = {
  // Text stands still most of the time: what counts is that it can be read.
  video: { displaySurface: 'monitor', frameRate: { ideal: 5, max: 5 }, width: { max: 1920 }, height: { max: 1080 } },
  audio: false,
  monitorTypeSurfaces: 'include',
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'exclude',
};

/** Whether this browser can share a screen at all: those of phones cannot. */
export function canShareScreen(): boolean {
  const media = (navigator as { mediaDevices?: Partial<MediaDevices> }).mediaDevices;
  return typeof media?.getDisplayMedia === 'function';
}

/** The student's whole screen, while she shares it. */
export class Screen {
  readonly state = new Store<ScreenState>({ wanted: false, phase: 'closed', stream: undefined, problem: undefined });
  /** Counts the openings, so that a late answer of an abandoned one is thrown away. */
  #turn = 0;

  /** Says whether the exam asks for it. */
  want(wanted: boolean): void {
    if (this.state.get().wanted !== wanted) this.state.patch({ wanted });
  }

  /** Asks for the whole screen. Browsers open their dialog only upon a click. */
  async open(): Promise<void> {
    const turn = ++this.#turn;
    this.#stopTracks();
    if (!canShareScreen()) {
      this.#fail(window.isSecureContext ? 'unsupported' : 'insecure');
      return;
    }
    this.state.patch({ phase: 'asking', problem: undefined, stream: undefined });
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(asked);
      const track = stream.getVideoTracks()[0];
      if (turn !== this.#turn || track === undefined) {
        for (const one of stream.getTracks()) one.stop();
        return;
      }
      // Not every browser says what was chosen; where it does, a window or a tab is not enough.
      const { displaySurface } = track.getSettings();
      if (displaySurface !== undefined && displaySurface !== 'monitor') {
        track.stop();
        this.#fail('not_whole');
        return;
      }
      track.contentHint = 'text';
      track.addEventListener('ended', () => {
        if (this.state.get().stream === stream) this.#fail('ended');
      });
      this.state.patch({ phase: 'shared', stream });
    } catch (error) {
      if (turn === this.#turn) this.#fail(screenProblemOf(error));
    }
  }

  close(): void {
    this.#turn++;
    this.#stopTracks();
    this.state.patch({ phase: 'closed', stream: undefined, problem: undefined });
  }

  #fail(problem: ScreenProblem): void {
    this.state.patch({ phase: 'failed', problem, stream: undefined });
  }

  #stopTracks(): void {
    // Our own stop() does not fire «ended», so this is never taken for the browser's «stop sharing».
    for (const track of this.state.get().stream?.getTracks() ?? []) track.stop();
  }
}
