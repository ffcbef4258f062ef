/** How far the follower may be off before it jumps: seeking is costly while it plays. */
const driftSeconds = 0.3;
const driftPausedSeconds = 0.04;
/** A jump that led into a gap, where nothing was recorded, waits there for ever: so far behind, the next one is made. */
const strandedSeconds = 1;
/** Less than that it makes up for by playing a little faster or slower, by a tenth at most; what nobody sees is left alone. */
const unseenSeconds = 0.02;
const mostHaste = 0.1;

/** By which part the follower plays faster, `behind` seconds behind; slower when it is ahead. */
function haste(behind: number): number {
  return Math.abs(behind) <= unseenSeconds ? 0 : Math.max(-mostHaste, Math.min(mostHaste, behind));
}

/** Keeps one video in step with another, `shiftSeconds` ahead of it in its own time. */
export function follow(master: HTMLVideoElement, video: HTMLVideoElement, shiftSeconds: number): () => void {
  const stop = new AbortController();
  const sync = () => {
    const wanted = master.currentTime + shiftSeconds;
    const inside = wanted >= 0 && (Number.isNaN(video.duration) || wanted <= video.duration);
    video.dataset.inside = String(inside);
    if (!inside) {
      video.pause();
      return;
    }
    const behind = wanted - video.currentTime;
    const jumps = Math.abs(behind) > (master.paused ? driftPausedSeconds : driftSeconds);
    if (jumps && (!video.seeking || master.paused || Math.abs(behind) > strandedSeconds)) video.currentTime = wanted;
    const rate = master.playbackRate * (jumps || master.paused ? 1 : 1 + haste(behind));
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (master.paused || master.seeking) video.pause();
    // Refused only while it has nothing to show; the next event tries again.
    else if (video.paused) void video.play().catch(() => undefined);
  };
  for (const name of ['play', 'playing', 'pause', 'seeking', 'seeked', 'ratechange', 'timeupdate', 'waiting']) {
    master.addEventListener(name, sync, { signal: stop.signal });
  }
  video.addEventListener('loadedmetadata', sync, { signal: stop.signal });
  video.addEventListener('seeked', sync, { signal: stop.signal });
  sync();
  return () => stop.abort();
}
