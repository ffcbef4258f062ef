import type { Segment } from '../api/types';

/** The segment that holds a moment, or the next one when the moment falls into a gap. */
export function segmentAt(segments: Segment[], ms: number): Segment | undefined {
  return segments.find((segment) => segment.startMs + segment.durationMs > ms);
}

/**
 * The next segment to fetch for playing from `positionMs`: the first that is not there yet
 * and begins before the position plus `aheadMs`; undefined when enough is there.
 */
export function nextToFetch(
  segments: Segment[],
  present: ReadonlySet<number>,
  positionMs: number,
  aheadMs: number,
): Segment | undefined {
  return segments.find(
    (segment) =>
      segment.startMs + segment.durationMs > positionMs &&
      segment.startMs < positionMs + aheadMs &&
      !present.has(segment.number),
  );
}

/** Those that lie wholly before a moment and may be dropped from the buffer. */
export function endedBefore(segments: Segment[], present: ReadonlySet<number>, ms: number): number[] {
  return segments
    .filter((segment) => present.has(segment.number) && segment.startMs + segment.durationMs <= ms)
    .map((segment) => segment.number);
}
