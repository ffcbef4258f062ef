import { describe, expect, it } from 'vitest';
import type { Recording, Segment, TimelineEvent } from '../api/types';
import { axisOf, beginsAt, eventOnAxis, minutesOf } from './axis';

const segment = (number: number, startMs: number, durationMs: number): Segment => ({ number, startMs, durationMs, size: 1, sha256: '', url: '' });
const camera: Recording = {
  id: 'camera', parts: ['camera'], kind: 'camera', startedAt: '2026-11-21T10:00:00Z', durationMs: 240_000, segments: [segment(0, 0, 60_000), segment(1, 150_000, 90_000)],
};
const screen: Recording = { id: 'screen', parts: ['screen'], kind: 'screen', startedAt: '2026-11-21T10:01:00Z', durationMs: 240_000, segments: [] };
const both = [camera, screen];
const axis = axisOf(both);
const event = (at: string, change: Partial<TimelineEvent> = {}): TimelineEvent => ({ at, lane: 'behaviour', kind: 'looking_away', detail: {}, ...change });

describe('the axis', () => {
  it('reaches from the first start to the last end', () => {
    expect(axis).toEqual({ startedAt: Date.parse('2026-11-21T10:00:00Z'), durationMs: 300_000 });
    expect(beginsAt(screen, axis)).toBe(60_000);
    expect(axisOf([])).toEqual({ startedAt: 0, durationMs: 0 });
  });

  it('puts events where they are, by their recording or by the clock', () => {
    expect(eventOnAxis(event('2026-11-21T10:02:00Z'), both, axis)).toBe(120_000);
    expect(eventOnAxis(event('2026-11-21T10:02:00Z', { recordingId: 'screen', offsetMs: 5_000 }), both, axis)).toBe(65_000);
    expect(eventOnAxis(event('2026-11-21T09:00:00Z'), both, axis)).toBeUndefined();
  });

  it('colours the minutes: gaps, flags, alarms; what was dismissed is calm', () => {
    const flag = (verdict: '' | 'confirmed' | 'dismissed') => ({ id: 'f', verdict });
    expect(minutesOf(both, [], axis)).toEqual(['calm', 'gap', 'calm', 'calm', 'gap']);
    expect(
      minutesOf(
        both,
        [
          event('2026-11-21T10:00:30Z', { flag: flag('dismissed') }),
          event('2026-11-21T10:02:50Z', { flag: flag(''), until: '2026-11-21T10:03:10Z' }),
          event('2026-11-21T10:03:40Z', { flag: flag('confirmed') }),
        ],
        axis,
      ),
    ).toEqual(['calm', 'gap', 'flag', 'alarm', 'gap']);
  });
});
