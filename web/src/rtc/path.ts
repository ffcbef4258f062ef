/** How the media go to the server, read from the statistics of the connection. */
export interface PathReading {
  way: 'direct' | 'tcp' | 'relay' | 'unknown';
  /** The newest round trip in milliseconds; undefined before the first. */
  roundTripMs: number | undefined;
  /** Packets sent so far, and how many of them the server misses. */
  sent: number;
  lost: number;
}

type Entry = Record<string, unknown> & { id: string; type: string };

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

/** Reads what the browser tells. Browsers differ in which parts there are: what is missing stays unknown. */
export function readPath(report: Iterable<[string, unknown]>): PathReading {
  const all = new Map([...report].map(([id, entry]) => [id, entry as Entry]));
  const entries = [...all.values()];
  const chosen = entries.find((one) => one.type === 'transport' && typeof one.selectedCandidatePairId === 'string');
  const pair =
    all.get(String(chosen?.selectedCandidatePairId)) ??
    entries.find((one) => one.type === 'candidate-pair' && one.state === 'succeeded' && (one.nominated === true || one.selected === true));
  const local = all.get(String(pair?.localCandidateId));
  const outbound = entries.filter((one) => one.type === 'outbound-rtp');
  const remote = entries.filter((one) => one.type === 'remote-inbound-rtp');
  const seconds =
    numberOf(pair?.currentRoundTripTime) ?? remote.map((one) => numberOf(one.roundTripTime)).find((one) => one !== undefined);
  const sum = (list: Entry[], key: string) => list.reduce((total, one) => total + Math.max(0, numberOf(one[key]) ?? 0), 0);
  return {
    way: wayOf(local),
    roundTripMs: seconds === undefined ? undefined : Math.round(seconds * 1000),
    sent: sum(outbound, 'packetsSent'),
    lost: sum(remote, 'packetsLost'),
  };
}

function wayOf(local: Entry | undefined): PathReading['way'] {
  if (local === undefined) return 'unknown';
  if (local.candidateType === 'relay') return 'relay';
  return local.protocol === 'tcp' ? 'tcp' : 'direct';
}

/** Per cent of the packets between two readings that were lost. */
export function lossBetween(before: PathReading, after: PathReading): number {
  const sent = after.sent - before.sent;
  if (sent <= 0) return 0;
  return Math.min(100, Math.max(0, ((after.lost - before.lost) / sent) * 100));
}
