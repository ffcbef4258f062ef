import { concat } from './bytes';
import { Mismatch } from './finding';

const blockSize = 1 << 20;
/** The log bounds a record to 256 KiB. */
const maxLine = 512 << 10;

/** Gives a file's blocks one after the other, so that its memory does not grow with the file. */
export async function* blocks(file: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < file.size; at += blockSize) yield new Uint8Array(await file.slice(at, at + blockSize).arrayBuffer());
}

async function* split(file: Blob, name: string): AsyncGenerator<Uint8Array[]> {
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for await (const block of blocks(file)) {
    const text = rest.length > 0 ? concat(rest, block) : block;
    const out: Uint8Array[] = [];
    let start = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
      if (end - start > maxLine) throw new Mismatch({ code: 'longLine' }, name);
      out.push(text.subarray(start, end));
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > maxLine) throw new Mismatch({ code: 'longLine' }, name);
    yield out;
  }
  if (rest.length > 0) throw new Mismatch({ code: 'cutLine' }, name);
}

async function* cut(file: Blob, width: number): AsyncGenerator<Uint8Array[]> {
  for await (const block of blocks(file)) {
    const out: Uint8Array[] = [];
    for (let at = 0; at + width <= block.length; at += width) out.push(block.subarray(at, at + width));
    yield out;
  }
}

/** Items of a file in order, with a look ahead. Reading ends at the file's end or at what is wrong with it, which then is its fault. */
export class Reader<T> {
  /** Of the item that peek(0) shows, from 1. */
  number = 1;
  fault: Mismatch | undefined;
  private ahead: T[] = [];
  private at = 0;
  private done = false;

  private constructor(
    private readonly parts: AsyncGenerator<Uint8Array[]>,
    private readonly work: (item: Uint8Array) => T,
  ) {}

  static lines<T>(file: Blob, name: string, work: (line: Uint8Array) => T): Reader<T> {
    return new Reader(split(file, name), work);
  }

  /** Pieces of one width, which divides a block's. */
  static pieces<T>(file: Blob, width: number, work: (piece: Uint8Array) => T): Reader<T> {
    return new Reader(cut(file, width), work);
  }

  /** Reads on until the item that is i after the current one is there, or the end: peek answers at once then. */
  async ready(i: number): Promise<void> {
    while (!this.done && this.ahead.length - this.at <= i) {
      try {
        const next = await this.parts.next();
        if (next.done === true) {
          this.done = true;
        } else {
          this.ahead = [...this.ahead.slice(this.at), ...next.value.map(this.work)];
          this.at = 0;
        }
      } catch (error) {
        if (!(error instanceof Mismatch)) throw error;
        this.fault = error;
        this.done = true;
      }
    }
  }

  /** Whether ready(i) has nothing to wait for. */
  has(i: number): boolean {
    return this.done || this.ahead.length - this.at > i;
  }

  peek(i = 0): T | undefined {
    return this.ahead[this.at + i];
  }

  advance(): void {
    this.at++;
    this.number++;
  }

  /** The next item, taken; undefined at the end. */
  async take(): Promise<T | undefined> {
    if (!this.has(0)) await this.ready(0);
    const item = this.peek();
    if (item !== undefined) this.advance();
    return item;
  }
}
