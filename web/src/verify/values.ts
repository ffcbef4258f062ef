import { fromHex, hex, textOf, utf8 } from './bytes';
import { sha256 } from './sha256';

/** A line of personal.jsonl, as far as checking needs it. */
export interface ValueLine {
  leaf: number;
  /** The object of salted hashes that the values have, as a record of them would have it; undefined: erased. */
  hashes: string | undefined;
  bad: boolean;
}

const maxSalt = 64;
const bad: ValueLine = { leaf: -1, hashes: undefined, bad: true };

/**
 * Reads {"leaf":12,"fields":{"oid":{"salt":"…","value":"…"}}} or {"leaf":12,"erased":true} strictly as they are written: another way to write
 * the same would let two readers see two things.
 */
export function readValues(line: Uint8Array): ValueLine {
  const text = textOf(line);
  const head = text === undefined ? null : /^\{"leaf":(\d{1,16}),/.exec(text);
  if (text === undefined || head === null) return bad;
  const leaf = Number(head[1]);
  let rest = text.slice(head[0].length);
  if (!Number.isSafeInteger(leaf)) return bad;
  if (rest === '"erased":true}') return { leaf, hashes: undefined, bad: false };
  if (!rest.startsWith('"fields":{')) return bad;
  rest = rest.slice('"fields":{'.length);
  const hashes: string[] = [];
  for (;;) {
    const field = /^("(?:[^"\\]|\\.)*"):\{"salt":"([0-9a-f]*)","value":("(?:[^"\\]|\\.)*")\}/su.exec(rest);
    const hash = field === null ? undefined : salted(field[2] ?? '', field[3] ?? '');
    if (field === null || hash === undefined) return bad;
    hashes.push(`${field[1] ?? ''}:"${hash}"`);
    rest = rest.slice(field[0].length);
    if (rest === '}}') return { leaf, hashes: `{${hashes.join(',')}}`, bad: false };
    if (!rest.startsWith(',')) return bad;
    rest = rest.slice(1);
  }
}

/** Hex of SHA-256(salt ‖ value), the value as a JSON string. */
function salted(salt: string, value: string): string | undefined {
  const bytes = salt.length > 2 * maxSalt ? undefined : fromHex(salt);
  if (bytes === undefined) return undefined;
  try {
    const plain: unknown = JSON.parse(value);
    return typeof plain === 'string' ? hex(sha256(bytes, utf8(plain))) : undefined;
  } catch {
    return undefined;
  }
}

const fieldName = /^[A-Za-z0-9_]{1,40}$/;

/** Names the first field of two objects of hashes that is not the same; empty where fields were added or moved. */
export function difference(sealed: string, have: string): string {
  const a = JSON.parse(sealed) as Record<string, string>;
  const b = JSON.parse(have) as Record<string, string>;
  return Object.keys(a).sort().find((field) => fieldName.test(field) && a[field] !== b[field]) ?? '';
}
