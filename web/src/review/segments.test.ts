import { describe, expect, it } from 'vitest';
import type { Recording, Segment } from '../api/types';
import { placeOf } from './place';
import { allPresent, endedBefore, nextToFetch, segmentAt } from './segments';

const url = (...numbers: number[]) => numbers.map((number) => `/segments/${number}`);
const segment = (number: number, startMs: number, durationMs = 4_000): Segment => ({
  number,
  startMs,
  durationMs,
  size: 1,
  sha256: '',
  url: `/segments/${number}`,
});

// A hole lies between 8 and 20 seconds.
const segments = [segment(0, 0), segment(1, 4_000), segment(2, 20_000), segment(3, 24_000)];

describe('segmentAt', () => {
  it.each([
    [0, 0],
    [3_999, 0],
    [4_000, 1],
    [12_000, 2],
    [27_999, 3],
  ])('%i ms is in or before segment %i', (ms, number) => {
    expect(segmentAt(segments, ms)?.number).toBe(number);
  });

  it('is nothing after the end', () => {
    expect(segmentAt(segments, 28_000)).toBeUndefined();
  });
});

describe('nextToFetch', () => {
  it('goes in order from the position', () => {
    expect(nextToFetch(segments, new Set(), 5_000, 24_000)?.number).toBe(1);
    expect(nextToFetch(segments, new Set(url(1)), 5_000, 24_000)?.number).toBe(2);
  });

  it('stops when enough is there or all is', () => {
    expect(nextToFetch(segments, new Set(url(0, 1)), 0, 10_000)).toBeUndefined();
    expect(nextToFetch(segments, new Set(url(0, 1, 2, 3)), 0, 60_000)).toBeUndefined();
  });

  it('fetches again what was dropped', () => {
    expect(nextToFetch(segments, new Set(url(2, 3)), 0, 24_000)?.number).toBe(0);
  });
});

describe('endedBefore', () => {
  it('names only what is there and wholly past', () => {
    expect(endedBefore(segments, new Set(url(0, 1, 2)), 8_000)).toEqual(url(0, 1));
    expect(endedBefore(segments, new Set(url(1, 2)), 7_999)).toEqual([]);
  });
});

describe('allPresent', () => {
  it('asks for those that have something of the stretch', () => {
    expect(allPresent(segments, new Set(url(1)), 7_900, 20_000)).toBe(true);
    expect(allPresent(segments, new Set(url(1)), 7_900, 20_001)).toBe(false);
    expect(allPresent(segments, new Set(url(2)), 7_900, 20_000)).toBe(false);
    expect(allPresent(segments, new Set(), 8_000, 20_000)).toBe(true);
  });
});

describe('placeOf', () => {
  const recordings: Recording[] = [
    { id: 'r1', parts: ['r1'], kind: 'camera', startedAt: '2026-11-21T10:00:00Z', durationMs: 60_000, segments },
    { id: 'r2', parts: ['r2', 'r3'], kind: 'camera', startedAt: '2026-11-21T10:05:00Z', durationMs: 60_000, segments },
  ];

  it('believes the server’s place', () => {
    const event = { at: '2026-11-21T10:00:30Z', recordingId: 'r2', offsetMs: 1_500 };
    expect(placeOf(event, recordings)).toEqual({ recordingId: 'r2', offsetMs: 1_500 });
  });

  it('finds the part that another node wrote', () => {
    expect(placeOf({ at: '2026-11-21T10:00:30Z', recordingId: 'r3', offsetMs: 9 }, recordings)).toEqual({ recordingId: 'r2', offsetMs: 9 });
  });

  it('finds a place by the clock otherwise', () => {
    expect(placeOf({ at: '2026-11-21T10:05:10Z' }, recordings)).toEqual({ recordingId: 'r2', offsetMs: 10_000 });
  });

  it('has none outside of every recording', () => {
    expect(placeOf({ at: '2026-11-21T10:03:00Z' }, recordings)).toBeUndefined();
    expect(placeOf({ at: '2026-11-21T09:59:59Z', recordingId: 'gone', offsetMs: 1 }, recordings)).toBeUndefined();
  });
});
