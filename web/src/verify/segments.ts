import { fromHex, hex } from './bytes';
import { shorten, type Finding, type Mismatched } from './finding';
import { Reader } from './lines';
import { isCount, isText, strictObject } from './manifest';
import type { SealedHead } from './records';
import type { Report } from './report';
import { sha256 } from './sha256';

const file = 'segments.jsonl';
/** What the archive bounds a recorded file to: it is hashed in one piece. */
const maxRecorded = 128 << 20;

interface Segment {
  recording: string;
  number: number;
  startMs: number;
  durationMs: number;
  size: number;
  sha256: string;
  chain: string;
  /** The recorded file, where the package has it. */
  file: string | undefined;
}

/** A line that is no segment is one without any: the end of the file is something else. */
function readSegment(line: Uint8Array): { segment: Segment | undefined } {
  const segment = strictObject<Segment>(line, {
    recording: isText,
    number: isCount,
    startMs: isCount,
    durationMs: isCount,
    size: isCount,
    sha256: isText,
    chain: isText,
    file: (value): value is string | undefined => value === undefined || isText(value),
  });
  return { segment };
}

/** Rebuilds each recording's hash chain and compares it with the heads that the log sealed. Returns how many lines there were. */
export async function checkSegments(
  blob: Blob,
  heads: SealedHead[],
  recorded: Map<string, Blob>,
  report: Report,
  find: (finding: Finding) => void,
): Promise<number> {
  const open = new Map<string, SealedHead[]>();
  for (const head of heads) open.set(head.recording, [...(open.get(head.recording) ?? []), head]);
  const lines = Reader.lines(blob, file, readSegment);
  let recording: string | undefined;
  let last = -1;
  let chain: Uint8Array = new Uint8Array(0);
  let since = 0; // segments since the last sealed head
  const leave = () => {
    if (recording === undefined) return;
    report.unsealed += since;
    for (const head of open.get(recording) ?? []) {
      find({ file, record: head.record, what: { code: 'segmentMissing', segment: head.segment, recording: shorten(recording) } });
    }
    open.delete(recording);
  };
  for (let line = await lines.take(); line !== undefined; line = await lines.take()) {
    const { segment } = line;
    const found = (what: Mismatched) => find({ file, line: lines.number - 1, what });
    const sum = fromHex(segment?.sha256 ?? '');
    if (segment === undefined || sum?.length !== 32) {
      found({ code: 'badLine' });
      continue;
    }
    if (segment.recording !== recording) {
      leave();
      [recording, last, chain, since] = [segment.recording, -1, new Uint8Array(0), 0];
      if (!open.has(recording)) found({ code: 'unsealedRecording' });
    }
    if (segment.number <= last) {
      found({ code: 'segmentOrder' });
      continue;
    }
    last = segment.number;
    chain = sha256(chain, sum);
    since++;
    const where = { segment: segment.number, recording: shorten(recording) };
    if (hex(chain) !== segment.chain) {
      found({ code: 'chainBroken', ...where });
      chain = fromHex(segment.chain) ?? chain; // go on from what it says, to name this one only
    }
    const wrong = await checkRecorded(segment, recorded, report);
    if (wrong !== undefined) found({ code: wrong, ...where });
    const sealed = (open.get(recording) ?? []).filter((head) => head.segment === last);
    for (const head of sealed) {
      if (head.sha256 !== segment.sha256 || head.chain !== segment.chain) {
        found({ code: 'otherSegment', ...where });
      } else {
        report.segments += since;
        since = 0;
      }
    }
    open.set(
      recording,
      (open.get(recording) ?? []).filter((head) => head.segment !== last),
    );
  }
  if (lines.fault !== undefined) find({ file, what: lines.fault.what });
  leave();
  for (const [id, [head]] of open) {
    find({ file, record: head?.record, what: { code: 'recordingMissing', recording: shorten(id) } });
  }
  return lines.number - 1;
}

/** Holds a recorded file of the package against the hash in its line; those that are named are taken away. */
async function checkRecorded(
  segment: Segment,
  recorded: Map<string, Blob>,
  report: Report,
): Promise<'recordedElsewhere' | 'recordedRemoved' | 'recordedChanged' | undefined> {
  if (segment.file === undefined) return undefined;
  if (segment.file !== `recordings/${segment.recording}/${segment.number}.webm`) return 'recordedElsewhere';
  const blob = recorded.get(segment.file);
  if (blob === undefined) return 'recordedRemoved';
  recorded.delete(segment.file);
  if (blob.size !== segment.size || blob.size > maxRecorded) return 'recordedChanged';
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  if (hex(hash) !== segment.sha256) return 'recordedChanged';
  report.recorded++;
  report.recordedBytes += blob.size;
  return undefined;
}

/** Tells of recorded files that no line names. */
export function checkUnnamed(recorded: Map<string, Blob>, find: (finding: Finding) => void): void {
  for (const name of [...recorded.keys()].sort()) find({ file: name, what: { code: 'recordedAdded' } });
}
