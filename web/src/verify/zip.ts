import { textOf } from './bytes';
import { Mismatch, shorten } from './finding';

const maxDirectory = 16 << 20;
const maxSmall = 1 << 20;

/** The files a package may have, and whether it must. */
export const known = {
  'README.ru.md': true,
  'README.en.md': true,
  'log-key.pub': true,
  'checkpoint.txt': true,
  'records.jsonl': true,
  'personal.jsonl': true,
  'manifest.json': true,
  'manifest.note': true,
  'leaves.bin': false,
  'proofs.jsonl': false,
  'segments.jsonl': false,
  'sheet.pdf': false,
  'key-changes.jsonl': false,
} as const;
export type FileName = keyof typeof known;
export const names = Object.keys(known) as FileName[];

/** Where a recorded file may stand. */
const recordedName = /^recordings\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/(0|[1-9][0-9]{0,8})\.webm$/;

/** A package's files, each a slice of the ZIP: nothing is read before it is asked for. */
export class Contents {
  constructor(
    private readonly files: Map<FileName, Blob>,
    /** Recorded files, by name. */
    readonly recorded: Map<string, Blob>,
  ) {}

  has(name: FileName): boolean {
    return this.files.has(name);
  }

  file(name: FileName): Blob {
    const file = this.files.get(name);
    if (file === undefined) throw new Mismatch({ code: 'missingFile', name });
    return file;
  }

  async small(name: FileName): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.file(name);
    if (file.size > maxSmall) throw new Mismatch({ code: 'tooLarge', name }, name);
    return new Uint8Array(await file.arrayBuffer());
  }
}

interface Directory {
  offset: number;
  size: number;
  entries: number;
}

/**
 * Reads the ZIP's directory. What it lets through has only known files, each once and stored as it is, which do not overlap: nothing in it
 * unpacks to more than it takes.
 */
export async function openZip(zip: Blob): Promise<Contents> {
  const directory = await findDirectory(zip);
  if (directory.size > maxDirectory) throw new Mismatch({ code: 'directoryTooLarge' });
  const view = await read(zip, directory.offset, directory.size);
  const files = new Map<FileName, Blob>();
  const recorded = new Map<string, Blob>();
  const places: [number, number][] = [];
  let at = 0;
  for (let i = 0; i < directory.entries; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) throw new Mismatch({ code: 'notZip' });
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const end = extraEnd + view.getUint16(at + 32, true);
    if (end > view.byteLength) throw new Mismatch({ code: 'notZip' });
    const text = textOf(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameEnd - at - 46)) ?? '?';
    const name = names.find((one) => one === text);
    if (name === undefined && !recordedName.test(text)) throw new Mismatch({ code: 'unknownFile', name: shorten(text) });
    if (recorded.has(text) || (name !== undefined && files.has(name))) throw new Mismatch({ code: 'doubled', name: text });
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw new Mismatch({ code: 'encrypted', name: text });
    const { size, packed, offset } = sizes(view, at, nameEnd, extraEnd);
    if (view.getUint16(at + 10, true) !== 0 || size !== packed) throw new Mismatch({ code: 'compressed', name: text });
    const local = await read(zip, offset, 30);
    if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50) throw new Mismatch({ code: 'notZip' });
    const start = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    if (start + size > directory.offset) throw new Mismatch({ code: 'overlap' });
    places.push([offset, start + size]);
    if (name === undefined) recorded.set(text, zip.slice(start, start + size));
    else files.set(name, zip.slice(start, start + size));
    at = end;
  }
  places.sort(([a], [b]) => a - b);
  for (const [i, [, end]] of places.entries()) {
    if (end > (places[i + 1]?.[0] ?? Infinity)) throw new Mismatch({ code: 'overlap' });
  }
  const missing = names.filter((name) => known[name] && !files.has(name));
  if (missing.length > 0) throw new Mismatch({ code: 'missingFile', name: missing.join(', ') });
  return new Contents(files, recorded);
}

async function read(zip: Blob, at: number, length: number): Promise<DataView> {
  if (at < 0 || at > zip.size) throw new Mismatch({ code: 'notZip' });
  return new DataView(await zip.slice(at, at + length).arrayBuffer());
}

function long(view: DataView, at: number): number {
  const value = at + 8 <= view.byteLength ? Number(view.getBigUint64(at, true)) : NaN;
  if (!Number.isSafeInteger(value)) throw new Mismatch({ code: 'notZip' });
  return value;
}

/** The end of a ZIP without a comment is 22 bytes; with one it is looked for. Large ones have a second end before it. */
async function findDirectory(zip: Blob): Promise<Directory> {
  const tailAt = Math.max(0, zip.size - 22 - 0xffff);
  const tail = await read(zip, tailAt, zip.size - tailAt);
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== 0x06054b50 || at + 22 + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    let found = { entries: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true) };
    let end = tailAt + at;
    if (found.entries === 0xffff || found.size === 0xffffffff || found.offset === 0xffffffff) {
      const locator = await read(zip, end - 20, 20);
      if (locator.byteLength < 20 || locator.getUint32(0, true) !== 0x07064b50) throw new Mismatch({ code: 'notZip' });
      end = long(locator, 8);
      const large = await read(zip, end, 56);
      if (large.byteLength < 56 || large.getUint32(0, true) !== 0x06064b50) throw new Mismatch({ code: 'notZip' });
      found = { entries: long(large, 32), size: long(large, 40), offset: long(large, 48) };
    }
    if (found.offset + found.size !== end) throw new Mismatch({ code: 'notZip' });
    return found;
  }
  throw new Mismatch({ code: 'notZip' });
}

/** Sizes and place of a file; those beyond 4 GiB stand in its extra field, in this order. */
function sizes(view: DataView, at: number, extraAt: number, extraEnd: number): { size: number; packed: number; offset: number } {
  let large = -1;
  for (let field = extraAt; field + 4 <= extraEnd; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) === 1) large = field + 4;
  }
  const take = (short: number) => {
    if (short !== 0xffffffff) return short;
    if (large < 0) throw new Mismatch({ code: 'notZip' });
    large += 8;
    return long(view, large - 8);
  };
  const size = take(view.getUint32(at + 24, true));
  const packed = take(view.getUint32(at + 20, true));
  return { size, packed, offset: take(view.getUint32(at + 42, true)) };
}
