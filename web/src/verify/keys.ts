import { hashFromBase64, utf8, type Bytes } from './bytes';
import { Mismatch } from './finding';
import { openNote, parseKey, type PublicKey } from './note';

const keyChangeFormat = 'ochno.key-change/1';
const maxKeyChanges = 1000;

export interface Checkpoint {
  size: number;
  root: Bytes;
}

/** A log's keys, one after the other; the last one signs now. */
export class Keys {
  private constructor(
    private readonly list: [PublicKey, ...PublicKey[]],
    private readonly until: number[], // the largest size that each but the last may have signed
  ) {}

  /** Reads the keys from the one that signs now and the changes that led to it, oldest first. */
  static async read(current: string, changes: string[]): Promise<Keys> {
    if (changes.length > maxKeyChanges) throw new Mismatch({ code: 'badKeyChange', line: maxKeyChanges + 1 });
    const list: PublicKey[] = [];
    const until: number[] = [];
    for (const [i, signed] of changes.entries()) {
      const change = await readChange(signed, i + 1);
      const before = list.at(-1);
      if (before !== undefined && (before.text !== change.from.text || change.size < (until.at(-1) ?? 0))) {
        throw new Mismatch({ code: 'badKeyChange', line: i + 1 });
      }
      if (before === undefined) list.push(change.from);
      list.push(change.to);
      until.push(change.size);
    }
    if (changes.length === 0) list.push(await parseKey(current));
    const [first, ...rest] = list;
    if (first === undefined || list.at(-1)?.text !== current) throw new Mismatch({ code: 'keyChangedToOther' });
    return new Keys([first, ...rest], until);
  }

  current(): PublicKey {
    return this.list.at(-1) ?? this.list[0];
  }

  known(text: string): boolean {
    return this.list.some((key) => key.text === text);
  }

  /** Reads a checkpoint that the key which was in force at its size signed. */
  async open(signed: Bytes): Promise<Checkpoint> {
    const size = Number(new TextDecoder().decode(signed).split('\n')[1]);
    const i = this.until.findIndex((until) => size <= until);
    return openCheckpoint(signed, this.list[i] ?? this.current());
  }
}

export async function openCheckpoint(signed: Bytes, key: PublicKey): Promise<Checkpoint> {
  const lines = (await openNote(signed, key)).split('\n');
  const [origin, sizeText = '', rootText] = lines;
  const size = /^(0|[1-9]\d{0,15})$/.test(sizeText) ? Number(sizeText) : NaN;
  const root = hashFromBase64(rootText);
  if (lines.length !== 4 || lines[3] !== '' || !Number.isSafeInteger(size) || root === undefined) throw new Mismatch({ code: 'notACheckpoint' });
  if (origin !== key.name) throw new Mismatch({ code: 'otherOrigin', is: origin ?? '', want: key.name });
  return { size, root };
}

async function readChange(signed: string, line: number): Promise<{ size: number; from: PublicKey; to: PublicKey }> {
  const [format, sizeText = '', from = '', to = ''] = signed.split('\n');
  if (format !== keyChangeFormat || !/^(0|[1-9]\d{0,15})$/.test(sizeText)) throw new Mismatch({ code: 'badKeyChange', line });
  const keys = [await parseKey(from), await parseKey(to)] as const;
  if (keys[0].name !== keys[1].name) throw new Mismatch({ code: 'badKeyChange', line });
  for (const key of keys) {
    const text = await openNote(utf8(signed), key);
    if (text !== `${keyChangeFormat}\n${sizeText}\n${from}\n${to}\n`) throw new Mismatch({ code: 'badKeyChange', line });
  }
  return { size: Number(sizeText), from: keys[0], to: keys[1] };
}
