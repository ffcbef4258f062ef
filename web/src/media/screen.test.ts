import { afterEach, describe, expect, it, vi } from 'vitest';
import { Screen } from './screen';

/** A screen's track as a browser gives it: what was chosen, and the end that the browser's own button brings. */
class FakeTrack extends EventTarget {
  contentHint = '';
  stopped = false;
  readonly #surface: string | undefined;

  constructor(surface: string | undefined) {
    super();
    this.#surface = surface;
  }

  getSettings() {
    return this.#surface === undefined ? {} : { displaySurface: this.#surface };
  }

  stop() {
    this.stopped = true;
  }
}

function browserWith(getDisplayMedia: (() => Promise<unknown>) | undefined) {
  vi.stubGlobal('navigator', { mediaDevices: { getDisplayMedia } });
}

const streamOf = (track: FakeTrack) => ({ getTracks: () => [track], getVideoTracks: () => [track] });

afterEach(() => vi.unstubAllGlobals());

describe('Screen', () => {
  it.each(['monitor', undefined])('takes a whole screen (%s), until the browser ends it', async (surface) => {
    const track = new FakeTrack(surface);
    browserWith(() => Promise.resolve(streamOf(track)));
    const screen = new Screen();
    await screen.open();
    expect(screen.state.get()).toMatchObject({ phase: 'shared', problem: undefined });
    expect(track.contentHint).toBe('text');
    track.dispatchEvent(new Event('ended'));
    expect(screen.state.get()).toMatchObject({ phase: 'failed', problem: 'ended', stream: undefined });
  });

  it.each(['window', 'browser'])('refuses a %s and lets go of it', async (surface) => {
    const track = new FakeTrack(surface);
    browserWith(() => Promise.resolve(streamOf(track)));
    const screen = new Screen();
    await screen.open();
    expect(screen.state.get()).toMatchObject({ phase: 'failed', problem: 'not_whole', stream: undefined });
    expect(track.stopped).toBe(true);
  });

  it('says why not', async () => {
    const screen = new Screen();
    browserWith(() => Promise.reject(Object.assign(new Error('Permission denied'), { name: 'NotAllowedError' })));
    await screen.open();
    expect(screen.state.get()).toMatchObject({ phase: 'failed', problem: 'denied' });
    browserWith(undefined);
    vi.stubGlobal('window', { isSecureContext: true });
    await screen.open();
    expect(screen.state.get().problem).toBe('unsupported');
  });

  it('lets go of a screen that was chosen too late', async () => {
    const track = new FakeTrack('monitor');
    let choose: (stream: unknown) => void = () => undefined;
    browserWith(() => new Promise((resolve) => (choose = resolve)));
    const screen = new Screen();
    const opening = screen.open();
    screen.close();
    choose(streamOf(track));
    await opening;
    expect(screen.state.get().phase).toBe('closed');
    expect(track.stopped).toBe(true);
  });
});
