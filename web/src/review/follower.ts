/** How far the follower may be off before it is set right: seeking is costly while it plays. */
const driftSeconds = 0.2;
const driftPausedSeconds = 0.04;

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
    const drift = master.paused ? driftPausedSeconds : driftSeconds;
    if (Math.abs(video.currentTime - wanted) > drift && !video.seeking) video.currentTime = wanted;
    if (video.playbackRate !== master.playbackRate) video.playbackRate = master.playbackRate;
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
