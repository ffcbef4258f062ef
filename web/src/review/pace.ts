/** So little off nobody sees: it is left alone. */
const unseenSeconds = 0.02;
/** Where the picture stands, the one that follows goes to the very place. */
const exactSeconds = 0.04;
/** So far off while it plays, it jumps; less is made up for by another speed. */
const jumpSeconds = 0.7;
/** So far behind with nothing to show, it is waited for; those who wait go on once it is nearly there. */
const lateSeconds = 0.06;
const caughtUpSeconds = 0.03;
/** Of how much it is off, how many times that is made up for in a second: while the leader plays, and while it waits. */
const gain = 2;
const waitedForGain = 5;
/** The most that it plays faster, as a part of the speed. Playing slower, it may stand. */
const mostHaste = 0.5;
/** Over what time the leader's pace is measured, and from when on that says something. */
const windowSeconds = 1;
const leastWindowSeconds = 0.4;

/** The player that leads, at a moment. Times are seconds of its own medium. */
export interface Lead {
  /** Nobody plays, or it is on its way to another place. */
  still: boolean;
  /** What the person chose: 2 is twice as fast as recorded. */
  speed: number;
  /** What it really does: 0 while it waits or has nothing to play. */
  pace: number;
}

/** A player that follows, at the same moment. */
export interface Follower {
  at: number;
  /** Where it should be. */
  wanted: number;
  /** Where its last jump was to go; undefined once it was in step after it. */
  asked: number | undefined;
  seeking: boolean;
  /** It has something to play from here on. */
  ready: boolean;
}

export interface Step {
  /** To where it must jump. */
  jump?: number;
  /** How fast it is to play until the next step; 0: it stands. */
  rate: number;
  /** The others should wait for it. */
  late: boolean;
  inStep: boolean;
}

/** What a follower has to do to come into step, and to stay there. */
export function step(lead: Lead, { at, wanted, asked, seeking, ready }: Follower): Step {
  const behind = wanted - at;
  const off = Math.abs(behind);
  const inStep = off <= (lead.still ? unseenSeconds : lateSeconds * lead.speed);
  // It was asked to go to an earlier place and was put here: between the two nothing was recorded.
  if (asked !== undefined && asked <= wanted && asked < at - unseenSeconds && behind < 0) {
    return { rate: off > unseenSeconds * lead.speed ? 0 : lead.pace, late: seeking, inStep };
  }
  if (off > (lead.still ? exactSeconds : jumpSeconds * lead.speed)) return { jump: wanted, rate: 0, late: true, inStep };
  if (lead.still) return { rate: 0, late: seeking, inStep };
  const allowed = (lead.pace === 0 ? caughtUpSeconds : lateSeconds) * lead.speed;
  return { rate: rateFor(lead, behind), late: seeking || (behind > allowed && (!ready || lead.pace === 0)), inStep };
}

function rateFor({ speed, pace }: Lead, behind: number): number {
  const made = Math.abs(behind) <= unseenSeconds ? 0 : (pace === 0 ? waitedForGain : gain) * behind;
  const rate = Math.min((1 + mostHaste) * speed, pace + Math.min(mostHaste * speed, made));
  return rate < 0.1 ? 0 : Math.round(rate * 100) / 100;
}

/** Measures how fast the leader really plays: on a busy machine its sound falters, and its clock with it. */
export class PaceMeter {
  #seen: { now: number; at: number }[] = [];

  /** Its pace, told where it is at a moment (both in seconds); as long as nothing is known, what it should be. */
  measure(now: number, at: number, speed: number): number {
    this.#seen = this.#seen.filter((one) => now - one.now <= windowSeconds);
    this.#seen.push({ now, at });
    const first = this.#seen[0];
    if (first === undefined || now - first.now < leastWindowSeconds) return speed;
    return Math.max(0, Math.min((1 + mostHaste) * speed, (at - first.at) / (now - first.now)));
  }

  /** It stood, or was put elsewhere: what was seen before says nothing. */
  reset(): void {
    this.#seen = [];
  }
}
