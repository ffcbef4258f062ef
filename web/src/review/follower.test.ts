import { describe, expect, it } from 'vitest';
import { follow } from './follower';

/** What of a video element matters here. */
class FakeVideo extends EventTarget {
  currentTime = 0;
  duration = 600;
  paused = true;
  seeking = false;
  playbackRate = 1;
  dataset: Record<string, string> = {};

  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
  }

  at(seconds: number): void {
    this.currentTime = seconds;
    this.dispatchEvent(new Event('timeupdate'));
  }
}

function pair(shift: number) {
  const [master, video] = [new FakeVideo(), new FakeVideo()];
  const stop = follow(master as unknown as HTMLVideoElement, video as unknown as HTMLVideoElement, shift);
  return { master, video, stop };
}

describe('follow', () => {
  it('plays, pauses and jumps with the one it follows, in its own time', () => {
    const { master, video } = pair(41.7);
    master.paused = false;
    master.at(10);
    expect(video.currentTime).toBeCloseTo(51.7);
    expect(video.paused).toBe(false);
    master.paused = true;
    master.at(10);
    expect(video.paused).toBe(true);
    master.at(700);
    expect(video.dataset.inside).toBe('false');
  });

  it.each([
    [0.01, 1],
    [0.06, 1.06],
    [0.25, 1.1],
    [-0.25, 0.9],
  ])('%s s behind it plays at %s of the speed, without a jump', (behind, rate) => {
    const { master, video } = pair(0);
    master.paused = false;
    master.playbackRate = 2;
    video.currentTime = 10 - behind;
    master.at(10);
    expect(video.currentTime).toBe(10 - behind);
    expect(video.playbackRate).toBeCloseTo(2 * rate);
  });

  it('goes on behind a gap in which its jump was stranded', () => {
    const { master, video } = pair(0);
    master.paused = false;
    master.at(10);
    video.seeking = true; // nothing was recorded there
    master.at(10.5);
    expect(video.currentTime).toBe(10);
    master.at(12);
    expect(video.currentTime).toBe(12);
  });

  it('comes to within 100 ms of it, and stays there', () => {
    const { master, video } = pair(0);
    master.paused = false;
    video.currentTime = -0.29;
    master.at(0);
    const apart: number[] = [];
    for (let tick = 0; tick < 80; tick++) {
      video.currentTime += 0.25 * video.playbackRate * 0.99; // it runs a little slow
      master.at(master.currentTime + 0.25);
      apart.push(Math.abs(master.currentTime - video.currentTime));
    }
    expect(Math.max(...apart.slice(16))).toBeLessThan(0.1);
  });
});
