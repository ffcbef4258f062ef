import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSockets } from './fakes';
import { ReconnectingSocket, waitBeforeRetry, type SocketStatus } from './socket';

function setUp() {
  const sockets = new FakeSockets();
  const messages: { type: string }[] = [];
  const statuses: SocketStatus[] = [];
  const socket = new ReconnectingSocket({
    url: 'ws://server/socket',
    open: sockets.open,
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
  });
  return { sockets, messages, statuses, socket };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('waitBeforeRetry', () => {
  it('doubles up to eight seconds', () => {
    expect([1, 2, 3, 4, 5, 50].map(waitBeforeRetry)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });
});

describe('ReconnectingSocket', () => {
  it('opens, passes messages on and drops what is not one', () => {
    const { sockets, messages, statuses, socket } = setUp();
    socket.start();
    expect(sockets.last.url).toBe('ws://server/socket');
    sockets.last.accept();
    sockets.last.say({ type: 'hello' });
    sockets.last.say('not JSON');
    sockets.last.say('[1]');
    sockets.last.say('null');
    expect(messages).toEqual([{ type: 'hello' }]);
    expect(statuses.map(({ phase }) => phase)).toEqual(['connecting', 'open']);
  });

  it('comes back with growing waits and begins anew once it was open', () => {
    const { sockets, socket } = setUp();
    socket.start();
    for (const [failures, wait] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
      sockets.last.drop(1006);
      expect(socket.status).toEqual({ phase: 'waiting', failures: failures + 1, closeCode: 0 });
      vi.advanceTimersByTime(wait - 1);
      expect(sockets.all).toHaveLength(failures + 1);
      vi.advanceTimersByTime(1);
      expect(sockets.all).toHaveLength(failures + 2);
    }
    sockets.last.accept();
    sockets.last.drop(1001);
    vi.advanceTimersByTime(1_000);
    expect(sockets.all).toHaveLength(7);
  });

  it('opens a new one when a server that is asked says nothing', () => {
    const { sockets, socket } = setUp();
    socket.start();
    socket.check();
    expect(sockets.all).toHaveLength(1);
    sockets.last.accept();
    socket.check();
    vi.advanceTimersByTime(1_999);
    sockets.last.say({ type: 'pong' });
    vi.advanceTimersByTime(10_000);
    expect(sockets.all).toHaveLength(1);
    socket.check();
    socket.check();
    vi.advanceTimersByTime(2_000);
    expect(sockets.all).toHaveLength(2);
    expect(socket.status.phase).toBe('connecting');
    sockets.last.accept();
    vi.advanceTimersByTime(10_000);
    expect(sockets.all).toHaveLength(2);
  });

  it.each([4400, 4401, 4403, 4409, 4429])('takes %i as the last word', (code) => {
    const { sockets, socket } = setUp();
    socket.start();
    sockets.last.accept();
    sockets.last.drop(code);
    vi.advanceTimersByTime(60_000);
    expect(sockets.all).toHaveLength(1);
    expect(socket.status).toEqual({ phase: 'closed', failures: 0, closeCode: code });
  });

  it.each([1000, 1006, 1009, 1012, 4408])('comes back after %i', (code) => {
    const { sockets, socket } = setUp();
    socket.start();
    sockets.last.accept();
    sockets.last.drop(code);
    vi.advanceTimersByTime(1_000);
    expect(sockets.all).toHaveLength(2);
  });

  it('can be opened again after a last word', () => {
    const { sockets, socket } = setUp();
    socket.start();
    sockets.last.accept();
    sockets.last.drop(4409);
    socket.start();
    expect(sockets.all).toHaveLength(2);
    expect(socket.status.phase).toBe('connecting');
  });

  it('tries at once when told so, and does not try twice', () => {
    const { sockets, socket } = setUp();
    socket.start();
    sockets.last.drop(1006);
    socket.retryNow();
    expect(sockets.all).toHaveLength(2);
    vi.advanceTimersByTime(10_000);
    expect(sockets.all).toHaveLength(2);
  });

  it('stops for good, even while waiting', () => {
    const { sockets, socket } = setUp();
    socket.start();
    sockets.last.drop(1006);
    socket.stop();
    vi.advanceTimersByTime(60_000);
    expect(sockets.all).toHaveLength(1);
  });

  it('closes the open socket on stop and hears nothing more from it', () => {
    const { sockets, messages, socket } = setUp();
    socket.start();
    const first = sockets.last;
    first.accept();
    socket.stop();
    first.say({ type: 'late' });
    expect(first.closedWith).toBe(1000);
    expect(messages).toEqual([]);
  });

  it('pings while open and only then', () => {
    const { sockets, socket } = setUp();
    socket.start();
    vi.advanceTimersByTime(40_000);
    expect(sockets.last.sent).toEqual([]);
    sockets.last.accept();
    vi.advanceTimersByTime(40_000);
    expect(sockets.last.sent).toEqual([{ type: 'ping' }, { type: 'ping' }]);
    socket.stop();
    vi.advanceTimersByTime(40_000);
    expect(sockets.last.sent).toHaveLength(2);
  });

  it('says whether a message could be sent', () => {
    const { sockets, socket } = setUp();
    socket.start();
    expect(socket.send({ type: 'early' })).toBe(false);
    sockets.last.accept();
    expect(socket.send({ type: 'now' })).toBe(true);
    expect(sockets.last.sent).toEqual([{ type: 'now' }]);
  });
});
