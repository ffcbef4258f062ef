// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ensemble } from './ensemble';

const stepMs = 10;

/** A video element that plays by the fake clock. */
class FakeVideo extends EventTarget {
  duration = 600;
  paused = true;
  seeking = false;
  ended = false;
  readyState = 4;
  playbackRate = 1;
  dataset: Record<string, string> = {};
  jumps = 0;
  /** How long a jump takes it, and how much of its rate its clock really runs. */
  seekMs = 50;
  clock = 1;
  /** Nothing was recorded from the first to the second of these; whoever goes there is put at its end. */
  hole: [number, number] | undefined;
  #at = 0;
  #seekLeftMs = 0;

  get currentTime(): number {
    return this.#at;
  }

  set currentTime(seconds: number) {
    this.jumps += 1;
    const inHole = this.hole !== undefined && seconds >= this.hole[0] && seconds < this.hole[1];
    this.#at = inHole ? (this.hole?.[1] ?? 0) : seconds;
    this.seeking = true;
    this.#seekLeftMs = this.seekMs;
    this.dispatchEvent(new Event('seeking'));
  }

  play(): Promise<void> {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }

  /** Where it already is when a test begins. */
  put(seconds: number): void {
    this.#at = seconds;
  }

  advance(): void {
    if (this.seeking) {
      this.#seekLeftMs -= stepMs;
      if (this.#seekLeftMs > 0) return;
      this.seeking = false;
      this.dispatchEvent(new Event('seeked'));
    } else if (!this.paused && this.readyState >= 3) this.#at += (stepMs / 1000) * this.playbackRate * this.clock;
  }
}

function meet(shifts: number[], speed = 1) {
  const [leader, ...videos] = [new FakeVideo(), ...shifts.map(() => new FakeVideo())];
  const followers = videos.map((video, index) => ({ video: video as unknown as HTMLVideoElement, shiftSeconds: shifts[index] ?? 0 }));
  const ensemble = new Ensemble(leader as unknown as HTMLVideoElement, followers, speed);
  const apart = () => Math.max(...videos.map((video, index) => Math.abs(leader.currentTime + (shifts[index] ?? 0) - video.currentTime)));
  /** Lets time pass; says how far at most they were apart in it, and how far the leader came. */
  const pass = (seconds: number) => {
    let most = 0;
    const from = leader.currentTime;
    for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
      vi.advanceTimersByTime(stepMs);
      for (const one of [leader, ...videos]) one.advance();
      most = Math.max(most, apart());
    }
    return { apart: most, came: leader.currentTime - from };
  };
  return { ensemble, leader, videos, pass };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('Ensemble', () => {
  it('plays, pauses and jumps as one, each in its own time', () => {
    const { leader, videos, pass } = meet([41.7, -3]);
    leader.currentTime = 10;
    pass(0.5);
    expect(videos.map((video) => video.currentTime)).toEqual([51.7, 7]);
    void leader.play();
    const { apart, came } = pass(10);
    expect(apart).toBeLessThan(0.05);
    expect(came).toBeGreaterThan(9.8);
    leader.pause();
    pass(1);
    expect(videos.every((video) => video.paused)).toBe(true);
    expect(leader.currentTime - 3).toBeCloseTo(videos[1]?.currentTime ?? 0, 1);
    leader.currentTime = 580;
    pass(1);
    expect(videos.map((video) => video.dataset.inside)).toEqual(['false', 'true']);
  });

  it.each([
    ['its own clock is slow', 1, 0.96],
    ['its own clock is fast', 1, 1.04],
    ['the leader falters', 0.8, 1],
    ['the leader falters much', 0.6, 1],
  ])('stays within 100 ms without a jump when %s', (_, leaderClock, clock) => {
    for (const speed of [1, 2, 10]) {
      const { leader, videos, pass } = meet([0, 5], speed);
      leader.currentTime = 1;
      pass(1);
      leader.clock = leaderClock;
      for (const video of videos) video.clock = clock;
      const before = videos.map((video) => video.jumps);
      void leader.play();
      pass(3);
      expect(pass(10).apart).toBeLessThan(0.1 * speed);
      expect(videos.map((video) => video.jumps)).toEqual(before);
      expect(leader.playbackRate).toBe(speed);
    }
  });

  it.each([0.4, -0.4])('makes up for %s s by its speed, never twice as fast', (behind) => {
    const { leader, videos, pass } = meet([0]);
    const [video] = videos;
    void leader.play();
    pass(1);
    video?.put(leader.currentTime - behind);
    const rates = new Set<number>();
    for (let i = 0; i < 30; i++) {
      pass(0.05);
      rates.add(video?.playbackRate ?? NaN);
    }
    expect(pass(5).apart).toBeLessThan(0.04);
    expect(video?.jumps).toBe(0);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1.5);
  });

  it('after a jump while it plays all begin together, however long one needs', () => {
    const { leader, videos, pass } = meet([0, 0]);
    if (videos[1] !== undefined) videos[1].seekMs = 2_000;
    void leader.play();
    pass(2);
    leader.currentTime = 100;
    const { apart, came } = pass(1.9);
    expect(apart).toBeLessThan(0.05);
    expect(came).toBeLessThan(0.05);
    expect(leader.paused).toBe(false);
    const after = pass(3);
    expect(after.apart).toBeLessThan(0.05);
    expect(after.came).toBeGreaterThan(2.7);
    expect(videos.map((video) => video.jumps)).toEqual([1, 1]);
  });

  it('waits for one that has nothing to show, and the others stand with it', () => {
    const { leader, videos, pass } = meet([0, 0]);
    void leader.play();
    pass(2);
    if (videos[0] !== undefined) videos[0].readyState = 2;
    const { apart, came } = pass(3);
    expect(apart).toBeLessThan(0.25);
    expect(came).toBeLessThan(0.3);
    if (videos[0] !== undefined) videos[0].readyState = 4;
    pass(1);
    expect(pass(3)).toMatchObject({ came: expect.closeTo(3, 1) as number });
    expect(pass(3).apart).toBeLessThan(0.05);
  });

  it('does not wait for ever, and takes it along again later', () => {
    const { leader, videos, pass } = meet([0, 0]);
    void leader.play();
    pass(2);
    if (videos[0] !== undefined) videos[0].readyState = 2;
    expect(pass(20).came).toBeGreaterThan(14);
    if (videos[0] !== undefined) videos[0].readyState = 4;
    pass(3);
    expect(pass(5).apart).toBeLessThan(0.05);
  });

  it.each([true, false])('lets one stand where its recording goes on, until the leader is there (playing: %s)', (plays) => {
    const { leader, videos, pass } = meet([0, 0]);
    const [video] = videos;
    if (video === undefined) return;
    video.hole = [50, 60];
    if (plays) void leader.play();
    pass(1);
    leader.currentTime = 55;
    pass(2);
    expect(video.currentTime).toBe(60);
    expect(video.jumps).toBe(1);
    if (!plays) return;
    expect(pass(2).came).toBeCloseTo(2, 1);
    pass(2);
    expect(pass(3).apart).toBeLessThan(0.1);
    expect(video.jumps).toBe(1);
  });

  it('the sound goes on while nobody looks', () => {
    const { leader, videos, pass } = meet([0]);
    void leader.play();
    pass(1);
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    videos[0]?.pause();
    if (videos[0] !== undefined) videos[0].readyState = 2;
    expect(pass(5).came).toBeCloseTo(5, 1);
    hidden.mockReturnValue(false);
    if (videos[0] !== undefined) videos[0].readyState = 4;
    pass(2);
    expect(pass(2).apart).toBeLessThan(0.05);
    hidden.mockRestore();
  });

  it('keeps the speed that is chosen, and leaves the leader with it', () => {
    const { ensemble, leader, videos, pass } = meet([0]);
    void leader.play();
    pass(1);
    ensemble.speed = 4;
    expect(pass(5).came).toBeCloseTo(20, 0);
    expect(pass(5).apart).toBeLessThan(0.3);
    if (videos[0] !== undefined) videos[0].readyState = 2;
    pass(1);
    expect(leader.playbackRate).toBe(0);
    ensemble.release();
    expect(leader.playbackRate).toBe(4);
    pass(1);
    expect(leader.playbackRate).toBe(4);
  });
});
