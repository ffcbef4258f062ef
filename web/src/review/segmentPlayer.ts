import type { Recording, Segment } from '../api/types';
import { allPresent, endedBefore, nextToFetch, segmentAt } from './segments';

export type LoadSegment = (url: string, signal: AbortSignal) => Promise<ArrayBuffer>;

const mimeType = 'video/webm; codecs="vp8,opus"';
const aheadMs = 24_000;
const keepBehindMs = 60_000;
/** A hole between two segments longer than this is jumped over; shorter ones the browser plays through. */
const holeSeconds = 0.05;
/** So little before the end of what is there nothing more is shown. */
const decodeSeconds = 0.25;

/**
 * Plays one recording in a video element: fetches the segments around the position, appends
 * them through Media Source and drops what lies far behind. Every segment is a whole WebM
 * file whose clusters count from the recording's start, so each finds its own place.
 */
export class SegmentPlayer {
  readonly #video: HTMLVideoElement;
  readonly #load: LoadSegment;
  readonly #onError: (error: unknown) => void;
  readonly #source = new MediaSource();
  readonly #address: string;
  readonly #stop = new AbortController();
  #buffer: SourceBuffer | undefined;
  #segments: Segment[] = [];
  #durationMs = 0;
  #complete = false;
  readonly #present = new Set<string>();
  #fetching: { url: string; abort: AbortController } | undefined;

  /** Whether this browser can play the recordings piece by piece. */
  static supported(): boolean {
    return 'MediaSource' in window && MediaSource.isTypeSupported(mimeType);
  }

  constructor(video: HTMLVideoElement, load: LoadSegment, onError: (error: unknown) => void) {
    this.#video = video;
    this.#load = load;
    this.#onError = onError;
    this.#address = URL.createObjectURL(this.#source);
    const { signal } = this.#stop;
    this.#source.addEventListener('sourceopen', () => this.#opened(), { signal, once: true });
    for (const event of ['seeking', 'timeupdate', 'waiting', 'playing']) {
      video.addEventListener(event, () => this.#pump(), { signal });
    }
    video.src = this.#address;
  }

  /** Says what there is to play; called again while a recording grows. */
  update(recording: Recording, complete: boolean): void {
    this.#segments = [...recording.segments].sort((a, b) => a.startMs - b.startMs);
    this.#durationMs = recording.durationMs;
    this.#complete = complete;
    this.#pump();
  }

  seek(ms: number): void {
    const last = Math.max(0, this.#durationMs - 100);
    this.#video.currentTime = Math.min(Math.max(0, ms), last) / 1000;
  }

  destroy(): void {
    this.#stop.abort();
    this.#fetching?.abort.abort();
    this.#video.removeAttribute('src');
    this.#video.load();
    URL.revokeObjectURL(this.#address);
  }

  #opened(): void {
    this.#buffer = this.#source.addSourceBuffer(mimeType);
    this.#buffer.addEventListener('updateend', () => this.#pump(), { signal: this.#stop.signal });
    this.#pump();
  }

  get #positionMs(): number {
    return this.#video.currentTime * 1000;
  }

  /** Does the one next thing that is needed; every event that may change the need calls it. */
  #pump(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || this.#stop.signal.aborted || this.#source.readyState === 'closed') return;
    if (buffer.updating) return;
    if (this.#source.readyState === 'open' && this.#source.duration !== this.#durationMs / 1000) {
      if (this.#growDuration(buffer)) return;
    }
    this.#jumpHole();
    const wanted = nextToFetch(this.#segments, this.#present, this.#positionMs, aheadMs * Math.max(1, this.#video.playbackRate));
    if (wanted === undefined) {
      this.#finish();
      return;
    }
    if (this.#fetching?.url === wanted.url) return;
    this.#fetching?.abort.abort();
    void this.#fetch(wanted, buffer);
  }

  /** The duration may not be set below what is buffered; returns whether an update was begun. */
  #growDuration(buffer: SourceBuffer): boolean {
    const buffered = buffer.buffered.length === 0 ? 0 : buffer.buffered.end(buffer.buffered.length - 1);
    this.#source.duration = Math.max(this.#durationMs / 1000, buffered);
    // The same value next time ends the comparison above.
    this.#durationMs = this.#source.duration * 1000;
    return buffer.updating;
  }

  async #fetch(segment: Segment, buffer: SourceBuffer): Promise<void> {
    const abort = new AbortController();
    this.#fetching = { url: segment.url, abort };
    try {
      const bytes = await this.#load(segment.url, AbortSignal.any([abort.signal, this.#stop.signal]));
      if (abort.signal.aborted || this.#stop.signal.aborted) return;
      this.#fetching = undefined;
      this.#append(segment, bytes, buffer);
    } catch (error) {
      if (abort.signal.aborted || this.#stop.signal.aborted) return;
      this.#fetching = undefined;
      this.#onError(error);
    }
  }

  #append(segment: Segment, bytes: ArrayBuffer, buffer: SourceBuffer): void {
    if (buffer.updating) {
      buffer.addEventListener('updateend', () => this.#append(segment, bytes, buffer), { once: true });
      return;
    }
    try {
      if (this.#source.readyState === 'open') buffer.abort();
      buffer.appendBuffer(bytes);
      this.#present.add(segment.url);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError' && this.#dropBehind(buffer, 5_000)) return;
      this.#onError(error);
    }
  }

  /** Everything to the end is there: the element may then say «ended». */
  #finish(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.updating || this.#source.readyState !== 'open') return;
    const last = this.#segments.at(-1);
    if (this.#complete && last !== undefined && this.#present.has(last.url)) {
      this.#source.endOfStream();
      return;
    }
    this.#dropBehind(buffer, keepBehindMs);
  }

  #dropBehind(buffer: SourceBuffer, keepMs: number): boolean {
    const before = this.#positionMs - keepMs;
    const old = endedBefore(this.#segments, this.#present, before);
    if (old.length === 0) return false;
    for (const url of old) this.#present.delete(url);
    buffer.remove(0, before / 1000);
    return true;
  }

  /** A lost network leaves holes in the recording: the playhead goes on at their far side. */
  #jumpHole(): void {
    const video = this.#video;
    if (video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const segment = segmentAt(this.#segments, this.#positionMs);
    if (segment !== undefined && segment.startMs / 1000 - video.currentTime > holeSeconds) {
      video.currentTime = segment.startMs / 1000 + 0.001;
      return;
    }
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    const { buffered } = video;
    for (let i = 0; i < buffered.length; i++) {
      const start = buffered.start(i);
      if (start <= video.currentTime) {
        if (buffered.end(i) > video.currentTime + decodeSeconds) return; // it is there, and about to be shown
        continue;
      }
      // One track may end before the segment does, by much when a node died: what is there already has nothing more to give.
      if (start - video.currentTime < 1 || allPresent(this.#segments, this.#present, this.#positionMs, start * 1000)) video.currentTime = start + 0.001;
      return;
    }
  }
}
