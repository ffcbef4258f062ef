import type { Segment } from '../api/types';

/** The segment that holds a moment, or the next one when the moment falls into a gap. */
export function segmentAt(segments: Segment[], ms: number): Segment | undefined {
  return segments.find((segment) => segment.startMs + segment.durationMs > ms);
}

/**
 * Segments go by their addresses: numbers are those of a part, and a recording may have several.
 * The next one to fetch for playing from `positionMs`: the first that is not there yet
 * and begins before the position plus `aheadMs`; undefined when enough is there.
 */
export function nextToFetch(
  segments: Segment[],
  present: ReadonlySet<string>,
  positionMs: number,
  aheadMs: number,
): Segment | undefined {
  return segments.find(
    (segment) =>
      segment.startMs + segment.durationMs > positionMs &&
      segment.startMs < positionMs + aheadMs &&
      !present.has(segment.url),
  );
}

/** Those that lie wholly before a moment and may be dropped from the buffer. */
export function endedBefore(segments: Segment[], present: ReadonlySet<string>, ms: number): string[] {
  return segments
    .filter((segment) => present.has(segment.url) && segment.startMs + segment.durationMs <= ms)
    .map((segment) => segment.url);
}

/** Whether every segment that has something of a stretch of time is there. */
export function allPresent(segments: Segment[], present: ReadonlySet<string>, fromMs: number, toMs: number): boolean {
  return segments.every((segment) => segment.startMs >= toMs || segment.startMs + segment.durationMs <= fromMs || present.has(segment.url));
}
