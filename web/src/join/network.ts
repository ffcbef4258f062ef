import { lossBetween, type PathReading } from '../rtc/path';

export interface NetworkReport {
  upKbps: number;
  lossPercent: number;
  roundTripMs: number;
  way: PathReading['way'];
  good: boolean;
}

/** What is too little: below it picture and sound suffer so much that an identification often fails. */
export const enough = { upKbps: 700, lossPercent: 6, roundTripMs: 700 };

/** Whether the connection carries an exam. */
export function isGood({ upKbps, lossPercent, roundTripMs }: Omit<NetworkReport, 'good' | 'way'>): boolean {
  return upKbps >= enough.upKbps && lossPercent <= enough.lossPercent && roundTripMs <= enough.roundTripMs;
}

interface Parts {
  /** Sends so many bytes to the server; answers when they have arrived. */
  upload: (bytes: number, signal: AbortSignal) => Promise<void>;
  read: () => Promise<PathReading | undefined>;
  now: () => number;
  wait: (ms: number) => Promise<void>;
}

const firstBytes = 32 * 1024;
const bytes = 192 * 1024;
const rounds = 3;
const patienceMs = 8_000;

/**
 * Measures the way to our own server: some bounded uploads while picture and sound go there, and what the connection itself tells of loss and
 * round trip. The best upload counts; a slow network ends the measurement early instead of being loaded more.
 */
export async function measure({ upload, read, now, wait }: Parts, signal: AbortSignal): Promise<NetworkReport> {
  const began = now();
  const before = await read();
  let upKbps = 0;
  let fastest = Infinity;
  for (let round = 0; round < rounds && now() - began < patienceMs; round += 1) {
    const size = round === 0 ? firstBytes : bytes;
    const at = now();
    await upload(size, signal);
    const took = Math.max(1, now() - at);
    upKbps = Math.max(upKbps, Math.round((size * 8) / took));
    if (round === 0) fastest = Math.round(took);
    if (took > patienceMs / 2) break;
  }
  // Loss needs some packets to be told of: the server reports about once a second.
  const rest = 2_000 - (now() - began);
  if (rest > 0) await wait(rest);
  const after = await read();
  const lossPercent = before === undefined || after === undefined ? 0 : Math.round(lossBetween(before, after) * 10) / 10;
  const roundTripMs = after?.roundTripMs ?? Math.min(60_000, fastest);
  const seen = { upKbps, lossPercent, roundTripMs };
  return { ...seen, way: after?.way ?? 'unknown', good: isGood(seen) };
}
