import type { Finding } from './finding';
import type { Checkpoint } from './keys';
import type { Manifest } from './manifest';

/** What was proved, and everything that does not fit. */
export interface Report {
  manifest: Manifest | undefined;
  checkpoint: Checkpoint | undefined;
  /** The key that signed the package and the checkpoint. */
  key: string;
  /** The key is the one that the reader knew, or took over from it. */
  pinned: boolean;
  succeeded: boolean;
  byType: Map<string, number>;
  /** Unchanged and in the tree. */
  records: number;
  /** Records whose personal values have the sealed hashes. */
  values: number;
  /** Of recordings, in whole chains up to a sealed head. */
  segments: number;
  /** After the last sealed head: nothing is proved of them. */
  unsealed: number;
  /** Recorded files in the package, each the one whose hash the log's chain covers; and what they have together. */
  recorded: number;
  recordedBytes: number;
  /** An earlier checkpoint was given, and the tree begins with the records that it signed. */
  earlier: boolean;
  findings: Finding[];
  /** Findings that are not listed. */
  more: number;
}

export function emptyReport(): Report {
  return {
    manifest: undefined,
    checkpoint: undefined,
    key: '',
    pinned: false,
    succeeded: false,
    byType: new Map(),
    records: 0,
    values: 0,
    segments: 0,
    unsealed: 0,
    recorded: 0,
    recordedBytes: 0,
    earlier: false,
    findings: [],
    more: 0,
  };
}
