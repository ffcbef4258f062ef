import { PaceMeter, step } from './pace';

const tickMs = 100;
/** So long the others wait for one that has nothing to show; then they go on without it until it is there. */
const patienceSeconds = 5;
/** So little before its end it may have nothing more to show. */
const endSeconds = 0.3;

interface Member {
  video: HTMLVideoElement;
  /** How much its own time is ahead of the leader's. */
  shiftSeconds: number;
  asked: number | undefined;
  /** The others waited for it long enough. */
  leftBehind: boolean;
}

/**
 * Plays several videos in step. The leader is played, paused and moved by whoever watches; the others follow it in their own time, and it waits
 * for them, standing with the rate 0 but not paused, until all can begin together.
 */
export class Ensemble {
  readonly #leader: HTMLVideoElement;
  readonly #members: Member[];
  readonly #meter = new PaceMeter();
  readonly #stop = new AbortController();
  readonly #timer: number;
  #speed: number;
  #waitingSince: number | undefined;

  constructor(leader: HTMLVideoElement, followers: { video: HTMLVideoElement; shiftSeconds: number }[], speed: number) {
    this.#leader = leader;
    this.#members = followers.map((one) => ({ ...one, asked: undefined, leftBehind: false }));
    this.#speed = speed;
    const { signal } = this.#stop;
    const tick = () => this.#tick();
    leader.addEventListener('seeking', () => this.#members.forEach((member) => (member.asked = undefined)), { signal });
    for (const name of ['play', 'playing', 'pause', 'seeking', 'seeked', 'waiting']) leader.addEventListener(name, tick, { signal });
    for (const { video } of followers) {
      for (const name of ['playing', 'seeked', 'waiting', 'loadedmetadata']) video.addEventListener(name, tick, { signal });
    }
    this.#timer = window.setInterval(tick, tickMs);
    this.#tick();
  }

  /** How fast all play: 2 is twice as fast as recorded. */
  set speed(value: number) {
    this.#speed = value;
    this.#meter.reset();
    this.#tick();
  }

  /** Lets them go; where they are they stay, or play on. */
  release(): void {
    this.#stop.abort();
    window.clearInterval(this.#timer);
    setRate(this.#leader, this.#speed);
  }

  #tick(again = true): void {
    const now = performance.now() / 1000;
    const leader = this.#leader;
    const still = leader.paused || leader.seeking;
    // A browser halts pictures that nobody sees; the sound must not wait for them.
    const unseen = document.hidden;
    const waited = this.#waitingSince !== undefined;
    const moves = !still && !waited && leader.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    const at = leader.currentTime;
    if (!moves) this.#meter.reset();
    const lead = { still, speed: this.#speed, pace: moves ? this.#meter.measure(now, at, this.#speed) : 0 };
    const late = unseen ? [] : this.#members.filter((member) => this.#follow(member, at, lead) && !member.leftBehind);
    this.#wait(late, now);
    const waits = this.#waitingSince !== undefined;
    setRate(leader, waits ? 0 : this.#speed);
    // The others stop and begin with it, not a step later.
    if (waits !== waited && again) this.#tick(false);
  }

  /** Lets the leader wait for those who are late, but not for ever. */
  #wait(late: Member[], now: number): void {
    if (this.#leader.paused || late.length === 0) {
      this.#waitingSince = undefined;
      return;
    }
    // While it loads itself, nobody is waited for yet.
    this.#waitingSince = this.#leader.seeking ? now : (this.#waitingSince ?? now);
    if (now - this.#waitingSince < patienceSeconds) return;
    for (const member of late) member.leftBehind = true;
    this.#waitingSince = undefined;
  }

  /** Puts one in step; says whether it is late. */
  #follow(member: Member, leaderAt: number, lead: { still: boolean; speed: number; pace: number }): boolean {
    const { video } = member;
    const wanted = leaderAt + member.shiftSeconds;
    const inside = wanted >= 0 && (Number.isNaN(video.duration) || wanted <= video.duration);
    video.dataset.inside = String(inside);
    if (!inside) {
      video.pause();
      return false;
    }
    const ready = video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    const does = step(lead, { at: video.currentTime, wanted, asked: member.asked, seeking: video.seeking, ready });
    if (ready && !video.seeking) member.leftBehind = false;
    if (does.inStep && !video.seeking) member.asked = undefined;
    // One that was left behind, and is still on its way, is not sent elsewhere at every step.
    if (does.jump !== undefined && !(member.leftBehind && video.seeking && Math.abs(does.jump - video.currentTime) < patienceSeconds * lead.speed)) {
      video.currentTime = does.jump;
      member.asked = does.jump;
    }
    setRate(video, does.rate);
    if (this.#leader.paused) video.pause();
    // One that ended would begin anew. It is refused only while it has nothing to show; the next step tries again.
    else if (video.paused && !video.ended) void video.play().catch(() => undefined);
    return does.late && !(wanted >= video.duration - endSeconds);
  }
}

function setRate(video: HTMLVideoElement, rate: number): void {
  if (video.playbackRate !== rate) video.playbackRate = rate;
}
