import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PhoneView } from '../api/phone';
import { ApiError } from '../api/problem';
import { FakePeers, fakeStream, fakeTrack } from './fakes';
import { PhoneSender } from './phone';

const vp8 = { mimeType: 'video/VP8', clockRate: 90_000 };
const h264 = { mimeType: 'video/H264', clockRate: 90_000 };

function setUp() {
  const peers = new FakePeers();
  const server = { view: { exam: 'Exam', state: 'waiting', over: false, rate: 300, iceServers: [{ urls: 'turn:server' }] } as PhoneView, fails: '' };
  const offers: string[] = [];
  const sender = new PhoneSender({
    door: {
      view: () => (server.fails === '' ? Promise.resolve(server.view) : Promise.reject(new ApiError(server.fails, 0))),
      publish: (_, sdp) => {
        offers.push(sdp);
        return Promise.resolve('answer-sdp');
      },
    },
    createPeer: peers.create,
    videoCodecs: () => [h264, vp8],
  });
  const says = async (state: PhoneView['state']) => {
    server.view = { ...server.view, state };
    await vi.advanceTimersByTimeAsync(3_000);
  };
  return { peers, server, offers, sender, says };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('PhoneSender', () => {
  it('sends one picture, by the ceiling it is told, and believes the server alone that it arrives', async () => {
    const { peers, offers, sender, says } = setUp();
    const camera = fakeTrack('video');
    sender.start('token', fakeStream(camera));
    await vi.advanceTimersByTimeAsync(0);
    expect(peers.last.configuration).toEqual({ iceServers: [{ urls: 'turn:server' }] });
    expect(peers.last.transceivers).toMatchObject([{ track: camera, codecs: [vp8], init: { direction: 'sendonly', sendEncodings: [{ maxBitrate: 300_000 }] } }]);
    expect(offers).toHaveLength(1);
    expect(peers.last.remote).toEqual([{ type: 'answer', sdp: 'answer-sdp' }]);
    peers.last.becomes('connected');
    expect(sender.state.get()).toEqual({ phase: 'connecting', exam: 'Exam' });
    await says('live');
    expect(sender.state.get().phase).toBe('live');
    expect(peers.all).toHaveLength(1);
    sender.stop();
    expect(peers.last.closed).toBe(true);
  });

  it('begins anew when the connection breaks, or the server does not see it', async () => {
    const { peers, sender, says } = setUp();
    sender.start('token', fakeStream(fakeTrack('video')));
    await says('live');
    const first = peers.last;
    first.becomes('failed');
    await says('lost');
    expect(first.closed).toBe(true);
    expect(peers.all).toHaveLength(2);
    await says('live');
    expect(sender.state.get().phase).toBe('live');
    await says('waiting'); // its session is gone
    expect(peers.all).toHaveLength(3);
    for (let look = 0; look < 3; look++) await says('lost');
    expect(peers.all).toHaveLength(4);
    sender.stop();
  });

  it('says that the network is away and goes on when it is back', async () => {
    const { peers, server, sender, says } = setUp();
    sender.start('token', fakeStream(fakeTrack('video')));
    await says('live');
    server.fails = 'network';
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sender.state.get().phase).toBe('lost');
    server.fails = '';
    await says('live');
    expect(sender.state.get().phase).toBe('live');
    expect(peers.all).toHaveLength(1);
    sender.stop();
  });

  it.each([
    ['replaced', 'token_invalid', false],
    ['over', '', true],
  ])('ends for good when it is %s', async (phase, fails, over) => {
    const { peers, server, offers, sender, says } = setUp();
    sender.start('token', fakeStream(fakeTrack('video')));
    await says('live');
    server.fails = fails;
    server.view = { ...server.view, over };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sender.state.get().phase).toBe(phase);
    expect(peers.last.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(offers).toHaveLength(1);
  });

  it('changes the camera on the connection that stands', async () => {
    const { peers, sender, says } = setUp();
    sender.start('token', fakeStream(fakeTrack('video')));
    await says('live');
    const other = fakeTrack('video');
    sender.change(fakeStream(other));
    await vi.advanceTimersByTimeAsync(0);
    expect(peers.last.transceivers[0]?.track).toBe(other);
    expect(peers.all).toHaveLength(1);
    sender.stop();
  });
});
