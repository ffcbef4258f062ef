import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeAttempt, fakeEntry, FakePeers, fakeRoom, FakeSockets, fakeStream, fakeTrack, settle } from './fakes';
import { Viewer } from './viewer';

function setUp() {
  const sockets = new FakeSockets();
  const peers = new FakePeers();
  const viewer = new Viewer({
    url: 'ws://server/watch',
    openSocket: sockets.open,
    createPeer: peers.create,
    createStream: (tracks) => fakeStream(...tracks),
  });
  const hello = () => {
    sockets.last.accept();
    sockets.last.say({ type: 'hello', room: fakeRoom(fakeEntry({ id: 'a' }), fakeEntry({ id: 'b' }, false)), iceServers: [] });
  };
  return { sockets, peers, viewer, hello };
}

const track = (mid: string, attemptId: string, media: 'video' | 'audio') => ({ mid, attemptId, source: 'camera', media });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Viewer', () => {
  it('says after every hello what is on the screen, and only changes afterwards', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    const scene = { small: ['a', 'b'], large: 'a', heard: undefined };
    viewer.show(scene);
    hello();
    viewer.show({ ...scene });
    viewer.show({ small: ['b'], large: 'b', heard: 'b' });
    expect(sockets.last.sentOfType('watch')).toEqual([
      { type: 'watch', attempts: ['a', 'b'], large: ['a'], heard: [] },
      { type: 'watch', attempts: ['b'], large: ['b'], heard: ['b'] },
    ]);
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    hello();
    expect(sockets.last.sentOfType('watch')).toEqual([{ type: 'watch', attempts: ['b'], large: ['b'], heard: ['b'] }]);
  });

  it('says who is open large, once, and again to a new socket', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    viewer.look('a');
    hello();
    viewer.look('a');
    viewer.look('b');
    expect(sockets.last.sentOfType('look')).toEqual([{ type: 'look', attempt: 'a' }, { type: 'look', attempt: 'b' }]);
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    hello();
    expect(sockets.last.sentOfType('look')).toEqual([{ type: 'look', attempt: 'b' }]);
    viewer.look(undefined);
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    hello();
    expect(sockets.last.sentOfType('look')).toEqual([]);
  });

  it('answers offers in order and sorts the tracks by student', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    const [video, audio, second] = [fakeTrack('video'), fakeTrack('audio'), fakeTrack('video')];
    sockets.last.say({ type: 'offer', sdp: 'one', tracks: [track('0', 'a', 'video'), track('1', 'a', 'audio')] });
    sockets.last.say({ type: 'offer', sdp: 'two', tracks: [track('0', 'a', 'video'), track('1', 'a', 'audio'), track('2', 'b', 'video')] });
    // The peer connection is made with the first offer, and its tracks are there from then on.
    await Promise.resolve();
    peers.last.receives({ '0': video, '1': audio, '2': second });
    await settle();
    expect(peers.all).toHaveLength(1);
    expect(sockets.last.sentOfType('answer').map(({ sdp }) => sdp)).toEqual(['answer-to-one', 'answer-to-two']);
    const { streams } = viewer.state.get();
    expect(streams.get('a')?.getTracks()).toEqual([video]);
    expect(viewer.state.get().large.get('a')?.camera?.getTracks()).toEqual([video, audio]);
    expect(streams.get('b')?.getTracks()).toEqual([second]);
  });

  it('keeps a stream’s identity while its tracks stay, and drops who is no longer watched', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'offer', sdp: 'one', tracks: [track('0', 'a', 'video'), track('1', 'b', 'video')] });
    await Promise.resolve();
    peers.last.receives({ '0': fakeTrack('video'), '1': fakeTrack('video') });
    await settle();
    const before = viewer.state.get().streams.get('a');
    sockets.last.say({ type: 'offer', sdp: 'two', tracks: [track('0', 'a', 'video')] });
    await settle();
    expect(viewer.state.get().streams.get('a')).toBe(before);
    expect(viewer.state.get().streams.has('b')).toBe(false);
  });

  it('puts the small layer on the tile, the other one with sound and screen into the large place', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    const [low, high, screen, sound, phone] = [fakeTrack('video'), fakeTrack('video'), fakeTrack('video'), fakeTrack('audio'), fakeTrack('video')];
    const tracks = [
      { ...track('0', 'a', 'video'), layer: 'low' },
      track('1', 'a', 'video'),
      { ...track('2', 'a', 'video'), source: 'screen' },
      { ...track('5', 'a', 'video'), source: 'phone' },
      track('3', 'a', 'audio'),
      { ...track('4', 'b', 'video'), layer: 'low' },
    ];
    sockets.last.say({ type: 'offer', sdp: 'one', tracks });
    await Promise.resolve();
    peers.last.receives({ '0': low, '1': high, '2': screen, '3': sound, '4': fakeTrack('video'), '5': phone });
    await settle();
    const { streams, large } = viewer.state.get();
    expect(streams.get('a')?.getTracks()).toEqual([low]);
    expect(large.get('a')?.camera?.getTracks()).toEqual([high, sound]);
    expect(large.get('a')?.screen?.getTracks()).toEqual([screen]);
    expect(streams.has('b')).toBe(true);
    expect(large.get('b')?.screen).toBeUndefined();
    expect(large.get('a')?.phone?.getTracks()).toEqual([phone]);
  });

  it('starts over when an offer is not an SDP', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'offer', sdp: 'one', tracks: [] });
    await settle();
    peers.last.refuseRemote = true;
    sockets.last.say({ type: 'offer', sdp: 'rubbish', tracks: [] });
    await settle();
    expect(peers.last.closed).toBe(true);
    expect(viewer.state.get().socket.phase).toBe('waiting');
  });

  it('follows attempts, newcomers too', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'attempt', roomAttempt: fakeEntry({ id: 'a', state: 'admitted' }) });
    sockets.last.say({ type: 'attempt', roomAttempt: fakeEntry({ id: 'c' }) });
    let told = 0;
    viewer.state.subscribe(() => (told += 1));
    vi.advanceTimersByTime(100);
    expect(told).toBe(1); // what comes close together is told together
    const attempts = viewer.state.get().room?.attempts ?? [];
    expect(attempts.map(({ attempt }) => [attempt.id, attempt.state])).toEqual([
      ['a', 'admitted'],
      ['b', 'ready'],
      ['c', 'ready'],
    ]);
  });

  it('puts an answer of the API after what the socket told before it', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'attempt', roomAttempt: fakeEntry({ id: 'a', state: 'admitted' }) });
    viewer.applyAttempt(fakeAttempt({ id: 'a', state: 'terminated' }));
    vi.advanceTimersByTime(100);
    expect(viewer.state.get().room?.attempts[0]?.attempt.state).toBe('terminated');
  });

  it('keeps the connection as it was when the API tells of an attempt', () => {
    const { viewer, hello } = setUp();
    viewer.start();
    hello();
    viewer.applyAttempt(fakeAttempt({ id: 'a', state: 'terminated' }));
    viewer.applyAttempt(fakeAttempt({ id: 'b', state: 'terminated' }));
    const attempts = viewer.state.get().room?.attempts ?? [];
    expect(attempts.map(({ connected }) => connected)).toEqual([true, false]);
  });

  it('keeps identifications under way and forgets those that are done', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'identification', attemptId: 'a', phase: 'verifying' });
    expect(viewer.state.get().identifications.get('a')).toMatchObject({ phase: 'verifying' });
    sockets.last.say({ type: 'identification', attemptId: 'a', phase: 'done', identification: { id: 'i' } });
    expect(viewer.state.get().identifications.has('a')).toBe(false);
  });

  it('shows no pictures without a connection', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    sockets.last.say({ type: 'offer', sdp: 'one', tracks: [track('0', 'a', 'video')] });
    await Promise.resolve();
    peers.last.receives({ '0': fakeTrack('video') });
    await settle();
    expect(viewer.state.get().streams.size).toBe(1);
    sockets.last.drop(1006);
    expect(viewer.state.get().streams.size).toBe(0);
  });

  it('sends the microphone on the section that the server gives it, and nothing after the end', async () => {
    const { sockets, peers, viewer, hello } = setUp();
    viewer.start();
    hello();
    const microphone = fakeTrack('audio');
    viewer.talk({ attempt: 'a' }, microphone);
    expect(sockets.last.sentOfType('talk')).toEqual([{ type: 'talk', attempt: 'a' }]);
    sockets.last.say({ type: 'offer', sdp: 'one', tracks: [track('0', 'a', 'audio')], microphone: '1' });
    await Promise.resolve();
    peers.last.receives({ '0': fakeTrack('audio'), '1': fakeTrack('audio') });
    await settle();
    const [sound, section] = peers.last.transceivers;
    expect(section).toMatchObject({ direction: 'sendonly', track: microphone });
    expect(sound).toMatchObject({ direction: 'recvonly', track: null });
    const status = { attemptId: 'a', until: '2026-11-21T10:10:00Z', arrives: true, hear: 1, waiting: 0 };
    sockets.last.say({ type: 'talk', talk: status });
    expect(viewer.state.get().talk).toEqual(status);

    viewer.hush();
    viewer.hush();
    await settle();
    expect(section?.track).toBeNull();
    expect(sockets.last.sentOfType('hush')).toHaveLength(1);
    sockets.last.say({ type: 'talk', talk: null, over: 'hushed' });
    expect(viewer.state.get()).toMatchObject({ talk: undefined, talkEnd: { over: 'hushed' } });
  });

  it('is not misled by the end of a talk that another one has replaced', () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    hello();
    viewer.talk({ attempt: 'a' }, fakeTrack('audio'));
    viewer.talk('all', fakeTrack('audio'));
    expect(sockets.last.sentOfType('talk')).toEqual([{ type: 'talk', attempt: 'a' }, { type: 'talk', all: true }]);
    sockets.last.say({ type: 'talk', talk: null, over: 'hushed' });
    expect(viewer.state.get().talkEnd).toBeUndefined();
    sockets.last.say({ type: 'talk', talk: null, over: 'refused', problem: { code: 'voice_taken' } });
    expect(viewer.state.get().talkEnd).toMatchObject({ over: 'refused', problem: { code: 'voice_taken' } });
  });

  it('begins no talk by itself after a lost connection', async () => {
    const { sockets, viewer, hello } = setUp();
    viewer.start();
    hello();
    viewer.talk('all', fakeTrack('audio'));
    sockets.last.say({ type: 'voices', voices: [{ by: { id: 'p', name: 'P' } }] });
    sockets.last.drop(1006);
    expect(viewer.state.get()).toMatchObject({ talk: undefined, talkEnd: { over: 'lost' }, voices: [] });
    await vi.advanceTimersByTimeAsync(1_000);
    hello();
    expect(sockets.last.sentOfType('talk')).toEqual([]);
  });
});
