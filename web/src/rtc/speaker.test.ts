import { describe, expect, it, vi } from 'vitest';
import { fakeStream } from './fakes';
import { Speaker } from './speaker';
import { Store } from './store';
import type { TalkTo, Viewer, ViewerState } from './viewer';

function setUp(open?: () => Promise<MediaStream>) {
  const log: string[] = [];
  const state = new Store<ViewerState>({ talkEnd: undefined } as ViewerState);
  const viewer = {
    state,
    talk: (to: TalkTo) => log.push(`talk ${to === 'all' ? 'all' : to.attempt}`),
    hush: () => log.push('hush'),
  } as unknown as Pick<Viewer, 'talk' | 'hush' | 'state'>;
  const track = { kind: 'audio', stop: () => log.push('closed'), onended: null } as unknown as MediaStreamTrack;
  const speaker = new Speaker(viewer, open ?? (() => Promise.resolve(fakeStream(track))));
  return { log, state, speaker, track, detach: speaker.attach() };
}

describe('Speaker', () => {
  it('opens the microphone to speak and closes it at the end', async () => {
    const { log, speaker } = setUp();
    await speaker.begin({ attempt: 'a' });
    expect(speaker.state.get()).toMatchObject({ to: { attempt: 'a' } });
    speaker.end();
    speaker.end();
    expect(log).toEqual(['talk a', 'hush', 'closed']);
    expect(speaker.state.get()).toEqual({ to: undefined, stream: undefined, failed: undefined });
  });

  it('does not speak when the key was let go before the microphone was open', async () => {
    const { log, speaker } = setUp();
    const begun = speaker.begin('all');
    speaker.end();
    await begun;
    expect(log).toEqual(['hush', 'closed']);
    expect(speaker.state.get().stream).toBeUndefined();
  });

  it('turns to others without opening it again', async () => {
    const open = vi.fn(() => Promise.resolve(fakeStream({ kind: 'audio', stop: () => undefined } as unknown as MediaStreamTrack)));
    const { log, speaker } = setUp(open);
    await speaker.begin({ attempt: 'a' });
    await speaker.begin('all');
    expect(log).toEqual(['talk a', 'talk all']);
    expect(open).toHaveBeenCalledOnce();
  });

  it('closes it when the talk has ended by itself, and when the page goes', async () => {
    const { log, speaker, state, detach } = setUp();
    await speaker.begin('all');
    state.patch({ talkEnd: { over: 'lost', problem: undefined } });
    expect(log).toEqual(['talk all', 'closed']);
    state.patch({ talkEnd: undefined });
    await speaker.begin('all');
    detach();
    expect(log).toEqual(['talk all', 'closed', 'talk all', 'hush', 'closed']);
  });

  it('says why it does not open, and forgets it', async () => {
    const { log, speaker } = setUp(() => Promise.reject(Object.assign(new Error('no'), { name: 'NotAllowedError' })));
    await speaker.begin({ attempt: 'a' });
    expect(speaker.state.get()).toMatchObject({ to: undefined, failed: { problem: 'denied', to: { attempt: 'a' } } });
    expect(log).toEqual(['hush']);
    speaker.forgive();
    expect(speaker.state.get().failed).toBeUndefined();
  });

  it('says that it was unplugged', async () => {
    const { log, speaker, track } = setUp();
    await speaker.begin('all');
    track.onended?.(new Event('ended'));
    expect(speaker.state.get().failed).toEqual({ problem: 'unplugged', to: 'all' });
    expect(log).toEqual(['talk all', 'hush', 'closed']);
  });
});
