/** What does not fit, as a code; words.ru.ts and words.en.ts say it to people. */
export type Mismatched =
  | { code: 'notZip' | 'directoryTooLarge' | 'overlap' }
  | { code: 'unknownFile' | 'doubled' | 'compressed' | 'encrypted' | 'tooLarge' | 'missingFile' | 'unreadable'; name: string }
  | { code: 'notAKey' | 'notANote' | 'notSigned' | 'notACheckpoint' | 'keyChangedToOther' }
  | { code: 'badKeyChange'; line: number }
  | { code: 'otherKey'; is: string; want: string }
  | { code: 'otherOrigin'; is: string; want: string }
  | { code: 'badManifest' }
  | { code: 'unknownFormat'; is: string }
  | { code: 'manifestChanged' }
  | { code: 'otherSize'; is: number; want: number }
  | { code: 'earlierUnsigned' }
  | { code: 'fileRemoved' | 'fileAdded' | 'fileChanged' | 'fileUnfit' }
  | { code: 'leavesLength'; is: number; want: number; size: number }
  | { code: 'otherRoot'; size: number }
  | { code: 'builtAnew'; size: number }
  | { code: 'cutOff'; earlier: number; size: number }
  | { code: 'earlierNeedsWhole'; size: number }
  | { code: 'badLine' | 'cutLine' | 'longLine' }
  | { code: 'added' | 'nobodysValues' | 'noValuesSealed' }
  | { code: 'swapped'; first: number; second: number }
  | { code: 'changed' | 'removed' | 'valuesRemoved' | 'unproved'; leaf: number }
  | { code: 'proofOrder'; leaf: number; last: number }
  | { code: 'valuesDiffer'; field: string }
  | { code: 'recordCount' | 'erasedCount' | 'segmentCount'; is: number; want: number }
  | { code: 'badHead' | 'segmentOrder' | 'unsealedRecording' }
  | { code: 'recordedAdded' }
  | { code: 'recordedElsewhere' | 'recordedRemoved' | 'recordedChanged'; segment: number; recording: string }
  | { code: 'chainBroken' | 'otherSegment' | 'segmentMissing'; segment: number; recording: string }
  | { code: 'recordingMissing'; recording: string };

/** One thing that does not fit, and where. It holds no personal values. */
export interface Finding {
  file?: string | undefined;
  line?: number | undefined;
  record?: string | undefined;
  what: Mismatched;
}

/** Thrown where checking cannot go on. */
export class Mismatch extends Error {
  constructor(
    readonly what: Mismatched,
    readonly file?: string,
  ) {
    super(what.code);
  }
}

const maxText = 100;

/** Keeps what a file says short and printable. */
export function shorten(text: string): string {
  const clean = text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return clean.length > maxText ? `${clean.slice(0, maxText)}…` : clean;
}
