import { hashFromBase64, type Bytes } from './bytes';
import type { Finding } from './finding';
import type { Checkpoint } from './keys';
import { Reader } from './lines';
import { isCount, isText, strictObject } from './manifest';
import { proves } from './tree';

/** What the line of records.jsonl in its place must hash to. */
export interface ProvedLeaf {
  leaf: number;
  hash: Bytes;
}

/** The proved leaves in order. */
export type Leaves = Reader<ProvedLeaf>;

/** Of a whole log, whose leaves the root was computed from. */
export function wholeLeaves(file: Blob): Leaves {
  let leaf = 0;
  return Reader.pieces(file, 32, (piece) => ({ leaf: leaf++, hash: new Uint8Array(piece) }));
}

/** Of a selection: each proof is checked against the checkpoint as it is read. */
export function provedLeaves(file: Blob, checkpoint: Checkpoint, find: (finding: Finding) => void): Leaves {
  let last = -1;
  let line = 0;
  return Reader.lines(file, 'proofs.jsonl', (text) => {
    line++;
    const read = readProof(text);
    if (read === undefined) {
      find({ file: 'proofs.jsonl', line, what: { code: 'badLine' } });
      return { leaf: 0, hash: new Uint8Array(32) };
    }
    if (read.leaf <= last) {
      find({ file: 'proofs.jsonl', line, what: { code: 'proofOrder', leaf: read.leaf, last } });
    } else if (!proves(read.path, checkpoint.size, checkpoint.root, read.leaf, read.hash)) {
      find({ file: 'proofs.jsonl', line, what: { code: 'unproved', leaf: read.leaf } });
    }
    last = Math.max(last, read.leaf);
    return { leaf: read.leaf, hash: read.hash };
  });
}

function readProof(text: Uint8Array): (ProvedLeaf & { path: Bytes[] }) | undefined {
  const line = strictObject<{ leaf: number; hash: string; proof: unknown[] }>(text, {
    leaf: isCount,
    hash: isText,
    proof: (value): value is unknown[] => Array.isArray(value) && value.length <= 64,
  });
  const hash = hashFromBase64(line?.hash);
  const path = line?.proof.map(hashFromBase64).filter((sibling) => sibling !== undefined);
  if (line === undefined || hash === undefined || path?.length !== line.proof.length) return undefined;
  return { leaf: line.leaf, hash, path };
}
