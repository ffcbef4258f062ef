import { same, type Bytes } from './bytes';
import { sha256 } from './sha256';

const leafMark = Uint8Array.of(0);
const nodeMark = Uint8Array.of(1);

/** RFC 6962's hash of a leaf. */
export function leafHash(record: Uint8Array): Bytes {
  return sha256(leafMark, record);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(nodeMark, left, right);
}

/** The right edge of a growing tree: its root needs no more of it. */
export class Frontier {
  size = 0;
  private readonly edge: Bytes[] = []; // roots of the full subtrees, largest first

  add(leaf: Bytes): void {
    let node = leaf;
    for (let n = this.size; n % 2 === 1; n = Math.floor(n / 2)) {
      const left = this.edge.pop();
      if (left !== undefined) node = nodeHash(left, node);
    }
    this.edge.push(node);
    this.size++;
  }

  /** The root of the leaves so far; undefined while there is none. */
  root(): Bytes | undefined {
    let root: Bytes | undefined;
    for (const node of this.edge.slice().reverse()) root = root === undefined ? node : nodeHash(node, root);
    return root;
  }
}

/** Whether an audit path, the lowest sibling first, leads from a leaf to the root of a tree (RFC 9162, section 2.1.3.2). */
export function proves(path: Bytes[], size: number, root: Bytes, leaf: number, hash: Bytes): boolean {
  if (leaf < 0 || leaf >= size) return false;
  let place = leaf;
  let last = size - 1;
  let node = hash;
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      node = nodeHash(sibling, node);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(node, root);
}
