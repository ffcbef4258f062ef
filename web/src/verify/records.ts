import { same, type Bytes } from './bytes';
import { shorten, type Finding, type Mismatched } from './finding';
import type { Leaves, ProvedLeaf } from './leaves';
import { Reader } from './lines';
import type { Report } from './report';
import { leafHash } from './tree';
import { difference, readValues, type ValueLine } from './values';

interface RecordLine {
  hash: Bytes;
  body: Uint8Array;
}

/** A segment up to which the log sealed a recording. */
export interface SealedHead {
  recording: string;
  segment: number;
  sha256: string;
  chain: string;
  record: string;
}

/** A record as far as checking needs it. The tree proved its bytes before they are read. */
interface SealedRecord {
  id?: unknown;
  type?: unknown;
  data?: { recording?: unknown; segment?: unknown; sha256?: unknown; chain?: unknown };
  personal?: Record<string, string>;
}

/** Goes through the lines of records.jsonl, personal.jsonl and the leaves side by side. */
export class Walk {
  readonly heads: SealedHead[] = [];
  erased = 0;
  private readonly records: Reader<RecordLine>;
  private readonly values: Reader<ValueLine>;

  constructor(
    records: Blob,
    values: Blob,
    private readonly leaves: Leaves,
    private readonly report: Report,
    private readonly find: (finding: Finding) => void,
  ) {
    this.records = Reader.lines(records, 'records.jsonl', (line) => ({ hash: leafHash(line), body: line }));
    this.values = Reader.lines(values, 'personal.jsonl', readValues);
  }

  async run(progress: (done: number) => void): Promise<void> {
    for (;;) {
      if (!this.records.has(1) || !this.leaves.has(1) || !this.values.has(1)) {
        await this.records.ready(1);
        await this.leaves.ready(1);
        await this.values.ready(1);
        progress(this.records.number - 1);
      }
      if (this.records.peek() === undefined && this.leaves.peek() === undefined) break;
      await this.step();
    }
    for (const reader of [this.records, this.values, this.leaves]) {
      if (reader.fault !== undefined) this.find({ file: reader.fault.file, what: reader.fault.what });
    }
    while ((await this.value()) !== undefined) {
      this.findValue({ code: 'nobodysValues' });
      this.values.advance();
    }
  }

  /** How many lines records.jsonl has. */
  get lines(): number {
    return this.records.number - 1;
  }

  private async step(): Promise<void> {
    const record = this.records.peek();
    const leaf = this.leaves.peek();
    if (record === undefined) {
      if (leaf !== undefined) await this.missing(leaf);
      return;
    }
    if (leaf === undefined) {
      this.added(record);
      return;
    }
    if (same(record.hash, leaf.hash)) {
      await this.accept(record, leaf);
      this.records.advance();
      this.leaves.advance();
      return;
    }
    const nextRecord = this.records.peek(1);
    const nextLeaf = this.leaves.peek(1);
    if (nextLeaf !== undefined && same(nextRecord?.hash, leaf.hash) && same(record.hash, nextLeaf.hash)) {
      this.findRecord(record, { code: 'swapped', first: nextLeaf.leaf, second: leaf.leaf });
      await this.skipValues(nextLeaf.leaf);
      for (const reader of [this.records, this.records, this.leaves, this.leaves]) reader.advance();
    } else if (same(record.hash, nextLeaf?.hash)) {
      await this.missing(leaf);
    } else if (same(nextRecord?.hash, leaf.hash)) {
      this.added(record);
    } else {
      this.findRecord(record, { code: 'changed', leaf: leaf.leaf });
      await this.skipValues(leaf.leaf);
      this.records.advance();
      this.leaves.advance();
    }
  }

  private added(record: RecordLine): void {
    this.findRecord(record, { code: 'added' });
    this.records.advance();
  }

  private async missing(leaf: ProvedLeaf): Promise<void> {
    this.find({ file: 'records.jsonl', line: this.records.number, what: { code: 'removed', leaf: leaf.leaf } });
    await this.skipValues(leaf.leaf);
    this.leaves.advance();
  }

  private async value(): Promise<ValueLine | undefined> {
    if (!this.values.has(0)) await this.values.ready(0);
    return this.values.peek();
  }

  /** Counts a proved record and holds its personal values against it. */
  private async accept(line: RecordLine, leaf: ProvedLeaf): Promise<void> {
    const record = JSON.parse(new TextDecoder().decode(line.body)) as SealedRecord;
    this.report.records++;
    const type = typeof record.type === 'string' ? shorten(record.type) : '?';
    this.report.byType.set(type, (this.report.byType.get(type) ?? 0) + 1);
    if (type === 'recording_head') this.head(record);
    let value = await this.value();
    for (; value !== undefined && value.leaf < leaf.leaf; value = await this.value()) {
      this.findValue({ code: value.bad ? 'badLine' : 'nobodysValues' });
      this.values.advance();
    }
    const sealed = record.personal === undefined ? undefined : JSON.stringify(record.personal);
    if (value?.leaf !== leaf.leaf) {
      if (sealed !== undefined) this.findRecord(line, { code: 'valuesRemoved', leaf: leaf.leaf });
      return;
    }
    if (sealed === undefined) this.findValue({ code: 'noValuesSealed' });
    else if (value.hashes === undefined) this.erased++;
    else if (value.hashes === sealed) this.report.values++;
    else this.findValue({ code: 'valuesDiffer', field: difference(sealed, value.hashes) }, idOf(line.body));
    this.values.advance();
  }

  private head(record: SealedRecord): void {
    const { recording, segment, sha256, chain } = record.data ?? {};
    if (typeof recording !== 'string' || typeof segment !== 'number' || typeof sha256 !== 'string' || typeof chain !== 'string') {
      this.find({ file: 'records.jsonl', line: this.records.number, what: { code: 'badHead' } });
      return;
    }
    this.heads.push({ recording, segment, sha256, chain, record: String(record.id) });
  }

  /** Passes over the values of records that are not there as they should be. */
  private async skipValues(leaf: number): Promise<void> {
    for (let value = await this.value(); value !== undefined && value.leaf <= leaf; value = await this.value()) {
      if (value.hashes === undefined && !value.bad) this.erased++;
      this.values.advance();
    }
  }

  private findRecord(line: RecordLine, what: Mismatched): void {
    this.find({ file: 'records.jsonl', line: this.records.number, record: idOf(line.body), what });
  }

  private findValue(what: Mismatched, record?: string): void {
    this.find({ file: 'personal.jsonl', line: this.values.number, record, what });
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id that a line says it is of, if it says one. */
function idOf(body: Uint8Array): string | undefined {
  try {
    const { id } = JSON.parse(new TextDecoder().decode(body)) as SealedRecord;
    return typeof id === 'string' && uuid.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
