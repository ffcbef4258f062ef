import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identification } from '../api/types';
import { fakeAttempt, FakePeers, FakeSockets, fakeStream, fakeTrack, settle } from './fakes';
import { Publisher } from './publisher';

const vp8 = { mimeType: 'video/VP8', clockRate: 90_000 };
/** What the stand-in offers for camera and microphone. */
const camera = 'a=mid:0\r\na=sendonly\r\na=mid:1\r\na=sendrecv\r\n';
const h264 = { mimeType: 'video/H264', clockRate: 90_000 };

function setUp() {
  const sockets = new FakeSockets();
  const peers = new FakePeers();
  const publisher = new Publisher({
    url: 'ws://server/connection',
    openSocket: sockets.open,
    createPeer: peers.create,
    videoCodecs: () => [h264, vp8],
  });
  const stream = fakeStream(fakeTrack('audio'), fakeTrack('video'));
  const hello = async (attempt = fakeAttempt(), rates = { low: 150, high: 1000, screen: 800, phone: 500 }) => {
    sockets.last.accept();
    sockets.last.say({ type: 'hello', attempt, rates, iceServers: [{ urls: 'turn:server' }] });
    await settle();
  };
  return { sockets, peers, publisher, stream, hello };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Publisher', () => {
  it('offers one VP8 video that only sends, and one audio that hears the proctor, after hello', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    expect(peers.all).toHaveLength(0);
    await hello();
    expect(peers.last.configuration).toEqual({ iceServers: [{ urls: 'turn:server' }] });
    expect(peers.last.transceivers.map(({ track, init }) => [track?.kind, init?.direction])).toEqual([
      ['video', 'sendonly'],
      ['audio', 'sendrecv'],
    ]);
    expect(peers.last.transceivers[0]?.codecs).toEqual([vp8]);
    expect(peers.last.transceivers[1]?.codecs).toEqual([]);
    expect(sockets.last.sent).toEqual([
      { type: 'camera', camera: { label: 'video device', frameRate: 30, width: 640, height: 480 } },
      { type: 'offer', sdp: camera },
    ]);
    expect(publisher.state.get().attempt?.id).toBe('attempt');
  });

  it('sends a camera in two layers, the whole one last, and a small camera in one; by the ceilings it is told, sound first', async () => {
    const { peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello(fakeAttempt(), { low: 100, high: 600, screen: 400, phone: 500 });
    expect(peers.last.transceivers.map(({ init }) => init?.sendEncodings)).toEqual([
      [
        { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 100_000, priority: 'low' },
        { rid: 'h', maxBitrate: 600_000, priority: 'low' },
      ],
      [{ priority: 'high' }],
    ]);
    const small = fakeTrack('video');
    small.getSettings = () => ({ width: 320, height: 240 });
    publisher.start(fakeStream(fakeTrack('audio'), small));
    await hello();
    expect(peers.last.transceivers[0]?.init?.sendEncodings).toEqual([{ maxBitrate: 1_000_000, priority: 'low' }]);
  });

  it('adds the screen to the connection that stands, takes it back, and shares another one in its place', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello(fakeAttempt(), { low: 100, high: 600, screen: 400, phone: 500 });
    const offers = () => sockets.last.sentOfType('offer').map(({ sdp }) => sdp);
    const [first, second] = [fakeTrack('video'), fakeTrack('video')];
    publisher.share(fakeStream(first));
    await settle();
    expect(offers()).toEqual([camera]); // the first answer is still awaited
    sockets.last.say({ type: 'answer', sdp: 'answer-sdp' });
    await settle();
    const marked = `${camera}a=mid:2\r\na=content:slides\r\na=sendonly\r\n`;
    expect(offers()).toEqual([camera, marked]);
    expect(peers.last.transceivers[2]).toMatchObject({
      track: first,
      codecs: [vp8],
      init: { sendEncodings: [{ maxBitrate: 400_000, maxFramerate: 5, priority: 'low' }] },
    });
    sockets.last.say({ type: 'answer', sdp: 'answer-sdp' });
    await settle();
    publisher.share(undefined);
    await settle();
    expect(offers().at(-1)).toBe(`${camera}a=mid:2\r\na=inactive\r\n`);
    expect(peers.last.transceivers[2]?.track).toBeNull();
    sockets.last.say({ type: 'answer', sdp: 'answer-sdp' });
    await settle();
    publisher.share(fakeStream(second));
    await settle();
    expect(offers().at(-1)).toBe(marked);
    expect(peers.last.transceivers[2]?.track).toBe(second);
    expect(peers.all).toHaveLength(1);
    expect(offers()).toHaveLength(4);
  });

  it('has the screen in the first offer of the next connection', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.share(fakeStream(fakeTrack('video')));
    publisher.start(stream);
    await hello();
    expect(sockets.last.sentOfType('offer')).toHaveLength(1);
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    await hello();
    expect(sockets.last.sentOfType('offer')[0]?.sdp).toContain('a=content:slides');
    expect(peers.last.transceivers).toHaveLength(3);
  });

  it('offers again after a refusal', async () => {
    const { sockets, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    sockets.last.say({ type: 'error', problem: { code: 'sdp_rejected' } });
    publisher.share(fakeStream(fakeTrack('video')));
    await settle();
    expect(sockets.last.sentOfType('offer')).toHaveLength(2);
  });

  it('keeps the server’s candidates until its answer is set', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    const early = { candidate: 'early', sdpMid: '0', sdpMLineIndex: 0 };
    const late = { candidate: 'late', sdpMid: '0', sdpMLineIndex: 0 };
    sockets.last.say({ type: 'candidate', candidate: early });
    await settle();
    expect(peers.last.candidates).toEqual([]);
    sockets.last.say({ type: 'answer', sdp: 'answer-sdp' });
    sockets.last.say({ type: 'candidate', candidate: null });
    await settle();
    sockets.last.say({ type: 'candidate', candidate: late });
    await settle();
    expect(peers.last.remote).toEqual([{ type: 'answer', sdp: 'answer-sdp' }]);
    expect(peers.last.candidates).toEqual([early, late]);
  });

  it('sends its own candidates as they come', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    const candidate = { candidate: 'mine', sdpMid: '0', sdpMLineIndex: 0 };
    peers.last.onicecandidate?.({ candidate: { toJSON: () => candidate } } as unknown as RTCPeerConnectionIceEvent);
    peers.last.onicecandidate?.({ candidate: null } as RTCPeerConnectionIceEvent);
    expect(sockets.last.sentOfType('candidate')).toEqual([
      { type: 'candidate', candidate },
      { type: 'candidate', candidate: null },
    ]);
  });

  it('believes only the server that the media is live', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    peers.last.becomes('connected');
    expect(publisher.state.get().media).toBe('connecting');
    sockets.last.say({ type: 'media', state: 'live' });
    expect(publisher.state.get().media).toBe('live');
  });

  it('makes a fresh peer connection after a lost socket', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    const first = peers.last;
    sockets.last.say({ type: 'media', state: 'live' });
    sockets.last.drop(1006);
    expect(first.closed).toBe(true);
    expect(publisher.state.get().media).toBe('lost');
    vi.advanceTimersByTime(1_000);
    await hello();
    expect(peers.all).toHaveLength(2);
    expect(publisher.state.get().media).toBe('connecting');
    expect(sockets.last.sentOfType('offer')).toHaveLength(1);
  });

  it('starts over when the peer connection fails', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    peers.last.becomes('disconnected');
    expect(sockets.all).toHaveLength(1);
    peers.last.becomes('failed');
    expect(publisher.state.get().socket.phase).toBe('waiting');
    vi.advanceTimersByTime(1_000);
    expect(sockets.all).toHaveLength(2);
  });

  it('starts over when the answer is not an SDP', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    peers.last.refuseRemote = true;
    sockets.last.say({ type: 'answer', sdp: 'rubbish' });
    await settle();
    expect(publisher.state.get().socket.phase).toBe('waiting');
  });

  it('takes another stream over with a new socket, the same one not at all', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    publisher.start(stream);
    expect(sockets.all).toHaveLength(1);
    const other = fakeTrack('video');
    publisher.start(fakeStream(other));
    expect(sockets.all).toHaveLength(2);
    await hello();
    expect(peers.last.transceivers.map(({ track }) => track)).toEqual([other]);
  });

  it('follows an identification to its end, digit by digit', async () => {
    const { sockets, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    publisher.expectIdentification();
    expect(publisher.state.get().identification).toEqual({ phase: 'looking' });
    sockets.last.say({ type: 'identification', phase: 'looking', hint: 'too_far' });
    expect(publisher.state.get().identification).toMatchObject({ phase: 'looking', hint: 'too_far' });
    for (const challenge of [
      { id: 'c', length: 4, shown: 0, digit: '' },
      { id: 'c', length: 4, shown: 1, digit: '5' },
    ]) {
      sockets.last.say({ type: 'identification', phase: 'challenge', challenge });
      expect(publisher.state.get().identification).toMatchObject({ phase: 'challenge', challenge });
    }
    sockets.last.say({ type: 'identification', phase: 'verifying' });
    const identification = { id: 'i', outcome: 'match' } as Identification;
    sockets.last.say({ type: 'identification', phase: 'done', identification });
    expect(publisher.state.get().identification).toMatchObject({ phase: 'done', identification });
  });

  it('forgets a phase that a lost socket interrupted, unless the server still identifies', async () => {
    const { sockets, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    sockets.last.say({ type: 'identification', phase: 'verifying' });
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    await hello(fakeAttempt({ state: 'identifying' }));
    expect(publisher.state.get().identification).toMatchObject({ phase: 'verifying' });
    sockets.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    await hello(fakeAttempt({ state: 'ready' }));
    expect(publisher.state.get().identification).toBeUndefined();
  });

  it('shows the server’s problem and goes on', async () => {
    const { sockets, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    sockets.last.say({ type: 'error', problem: { code: 'consent_needed' } });
    expect(publisher.state.get().problem?.code).toBe('consent_needed');
    expect(publisher.state.get().socket.phase).toBe('open');
  });

  it('stops everything', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    publisher.stop();
    expect(peers.last.closed).toBe(true);
    expect(sockets.last.closedWith).toBe(1000);
    vi.advanceTimersByTime(60_000);
    expect(sockets.all).toHaveLength(1);
  });

  it('knows who speaks to the student, and forgets it with the connection', async () => {
    const { sockets, peers, publisher, stream, hello } = setUp();
    publisher.start(stream);
    await hello();
    expect(publisher.state.get().sound).toBe(peers.last.transceivers[1]?.receiver.track);
    sockets.last.say({ type: 'voice', voice: { by: 'P', toAll: false } });
    expect(publisher.state.get().voice).toEqual({ by: 'P', toAll: false });
    sockets.last.say({ type: 'voice', voice: null });
    expect(publisher.state.get().voice).toBeUndefined();
    sockets.last.say({ type: 'voice', voice: { by: 'P', toAll: true } });
    sockets.last.drop(1006);
    expect(publisher.state.get()).toMatchObject({ voice: undefined, sound: undefined });
  });
});
