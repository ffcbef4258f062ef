import { expect, it } from 'vitest';
import type { PathReading } from '../rtc/path';
import { measure } from './network';

/** A network that takes so many kilobits a second, on a clock of its own. */
function network(kbps: number, readings: (PathReading | undefined)[]) {
  let time = 0;
  let sent = 0;
  const given = [...readings];
  return {
    parts: {
      upload: (bytes: number) => {
        time += (bytes * 8) / kbps;
        sent += bytes;
        return Promise.resolve();
      },
      read: () => Promise.resolve(given.shift()),
      now: () => time,
      wait: (ms: number) => {
        time += ms;
        return Promise.resolve();
      },
    },
    sent: () => sent,
    time: () => time,
  };
}

const reading = (sent: number, lost: number, roundTripMs?: number): PathReading => ({ way: 'relay', roundTripMs, sent, lost });
const never = new AbortController().signal;

it('measures a good network', async () => {
  const { parts } = network(8_000, [reading(0, 0), reading(500, 5, 40)]);
  expect(await measure(parts, never)).toEqual({ upKbps: 8_000, lossPercent: 1, roundTripMs: 40, way: 'relay', good: true });
});

it('sends a slow network little, and says that it is too slow', async () => {
  const slow = network(50, [reading(0, 0), reading(100, 0, 90)]);
  expect(await measure(slow.parts, never)).toMatchObject({ upKbps: 50, good: false });
  expect(slow.sent()).toBeLessThan(64 * 1024);
});

it.each([
  ['loss', [reading(0, 0), reading(100, 20, 40)]],
  ['delay', [reading(0, 0), reading(100, 0, 900)]],
])('minds too much %s', async (_, readings) => {
  expect((await measure(network(8_000, readings).parts, never)).good).toBe(false);
});

it('does without what the browser does not tell', async () => {
  expect(await measure(network(8_000, []).parts, never)).toMatchObject({ lossPercent: 0, way: 'unknown', roundTripMs: 33, good: true });
});

it('fails when an upload fails', async () => {
  const { parts } = network(8_000, []);
  await expect(measure({ ...parts, upload: () => Promise.reject(new Error('lost')) }, never)).rejects.toThrow('lost');
});
