import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concat, utf8, type Bytes } from './bytes';
import { unable } from './note';
import { Sha256, sha256 } from './sha256';
import { verify, type Trust } from './verify';
import { say } from './words';
import { en } from './words.en';
import { ru } from './words.ru';

const fixtures = new URL('../../../proctor/ledger/pack/testdata/packages/', import.meta.url);

function fixture(name: string): Bytes {
  return Uint8Array.from(readFileSync(new URL(name, fixtures)));
}

async function found(zip: Bytes, trust: Trust = {}): Promise<string[]> {
  const report = await verify(new Blob([zip]), trust);
  expect(report.findings.map((finding) => say(ru, finding)).join()).not.toContain('undefined');
  return report.findings.map((finding) => say(en, finding));
}

/** A package's files, read by the local headers that Go wrote, to be changed and put together again. */
class Unpacked {
  readonly files = new Map<string, Bytes>();

  constructor(zip: Bytes) {
    const view = new DataView(zip.buffer);
    let at = view.getUint32(zip.length - 6, true);
    for (let n = view.getUint16(zip.length - 12, true); n > 0; n--) {
      const nameLength = view.getUint16(at + 28, true);
      const name = new TextDecoder().decode(zip.slice(at + 46, at + 46 + nameLength));
      const local = view.getUint32(at + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      this.files.set(name, zip.slice(start, start + view.getUint32(at + 20, true)));
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  }

  text(name: string): string {
    return new TextDecoder().decode(this.files.get(name));
  }

  replace(name: string, old: string, to: string): void {
    const text = this.text(name);
    expect(text).toContain(old);
    this.files.set(name, utf8(text.replace(old, () => to)));
  }

  lines(name: string, change: (lines: string[]) => string[]): void {
    const text = change(this.text(name).split('\n').slice(0, -1)).join('\n');
    this.files.set(name, utf8(text === '' ? '' : `${text}\n`));
  }

  pack(): Bytes {
    const parts: Bytes[] = [];
    const directory: Bytes[] = [];
    let at = 0;
    for (const [name, content] of this.files) {
      const title = utf8(name);
      const head = new DataView(new ArrayBuffer(30));
      head.setUint32(0, 0x04034b50, true);
      head.setUint16(26, title.length, true);
      const entry = new DataView(new ArrayBuffer(46));
      entry.setUint32(0, 0x02014b50, true);
      entry.setUint32(20, content.length, true);
      entry.setUint32(24, content.length, true);
      entry.setUint16(28, title.length, true);
      entry.setUint32(42, at, true);
      parts.push(new Uint8Array(head.buffer), title, content);
      directory.push(new Uint8Array(entry.buffer), title);
      at += 30 + title.length + content.length;
    }
    const list = concat(...directory);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(10, this.files.size, true);
    end.setUint32(12, list.length, true);
    end.setUint32(16, at, true);
    return concat(...parts, list, new Uint8Array(end.buffer));
  }
}

const swap = (i: number, j: number) => (lines: string[]) =>
  lines.map((line, at) => (at === i ? lines[j] : at === j ? lines[i] : line) ?? '');
const remove = (i: number) => (lines: string[]) => lines.filter((_, at) => at !== i);
const double = (i: number) => (lines: string[]) => lines.flatMap((line, at) => (at === i ? [line, line] : [line]));

describe('sha256', () => {
  it('is what Web Crypto has, for every length around the blocks, in one piece and in several', async () => {
    for (let length = 0; length < 200; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
      const want = new Uint8Array(await crypto.subtle.digest('SHA-256', message));
      expect(sha256(message)).toEqual(want);
      const cut = length % 67;
      expect(new Sha256().update(message.subarray(0, cut)).update(message.subarray(cut)).digest()).toEqual(want);
    }
  });
});

/** What Go's verifier says of the packages, written by its test; findings in English. */
const reports = JSON.parse(readFileSync(new URL('reports.json', fixtures), 'utf8')) as Record<string, Record<string, unknown>>;

describe('a good package', () => {
  it.each(Object.keys(reports))('%s proves what Go’s verifier finds in it', async (name) => {
    const report = await verify(new Blob([fixture(name)]));
    expect(report.findings).toEqual([]);
    const { records, values, segments, unsealed, recorded, recordedBytes, key, manifest } = report;
    const mine = { records, values, segments, unsealed, recorded, recordedBytes, key, erased: manifest?.erased, byType: Object.fromEntries(report.byType) };
    expect(mine).toEqual(reports[name]);
    for (const words of [ru, en]) {
      expect(words.proved(report).length).toBeGreaterThan(0);
      expect([...words.proved(report), ...words.notes(report)].join()).not.toContain('undefined');
    }
  });

  it('says of values that were erased or left out that their salted hashes stay', async () => {
    const report = await verify(new Blob([fixture('exam.zip')]));
    expect(report.manifest?.erased).toBe(1);
    expect(ru.notes(report).join()).toContain('удалены или не вошли в этот пакет (есть только хеши с солью): 1');
    expect(en.notes(report).join()).toContain('of 1 records were erased or left out of this package (their salted hashes stay)');
  });

  it('with recordings says that they are here, and where', async () => {
    const report = await verify(new Blob([fixture('recordings.zip')]));
    expect(ru.proved(report).join()).toContain('Файлы видеозаписей лежат в пакете без изменений: 4');
    expect(en.proved(report).join()).toContain('4 recorded files');
    expect(ru.proved(report).join()).not.toContain('сравните');
  });

  it('fits when it is put together anew: what is broken below is broken by the change alone', async () => {
    for (const name of Object.keys(reports)) expect(await found(new Unpacked(fixture(name)).pack())).toEqual([]);
  });

  it('is trusted by the key that was changed, and by a checkpoint of it', async () => {
    const zip = fixture('changed-key.zip');
    const change = JSON.parse(new Unpacked(zip).text('key-changes.jsonl')) as { note: string };
    const report = await verify(new Blob([zip]), { key: change.note.split('\n')[2] ?? '', earlier: fixture('earlier.checkpoint') });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ pinned: true, succeeded: true, earlier: true });
  });

  it('is checked by a browser that can', async () => {
    expect(await unable()).toBeUndefined();
  });
});

type Harm = [name: string, harm: (u: Unpacked) => void, want: string];

const both: Harm[] = [
  ['a byte of a record', (u) => u.replace('records.jsonl', '"overall":0.99995', '"overall":0.99999'), 'records.jsonl, line 2, record '],
  ['the verdict', (u) => u.replace('records.jsonl', 'aaa.bbb.j3', 'aaa.bbb.j9'), 'it was changed'],
  ['a sealed personal hash', (u) => u.replace('records.jsonl', '"personal":{"oid":"', '"personal":{"oid":"0'), 'records.jsonl, line 1'],
  ['rubbish', (u) => u.lines('records.jsonl', (l) => l.map((line, i) => (i === 1 ? 'rubbish' : line))), 'records.jsonl, line 2: it was changed'],
  ['an empty line', (u) => u.lines('records.jsonl', (l) => l.flatMap((line, i) => (i === 1 ? ['', line] : [line]))), 'line 2: the log has no such record'],
  ['CRLF', (u) => u.replace('records.jsonl', '}\n', '}\r\n'), 'records.jsonl, line 1'],
  ['the first removed', (u) => u.lines('records.jsonl', remove(0)), 'records.jsonl, line 1: leaf 0 of the log was removed'],
  ['one removed', (u) => u.lines('records.jsonl', remove(1)), 'records.jsonl, line 2: leaf 1 of the log was removed'],
  ['the last removed', (u) => u.lines('records.jsonl', (l) => l.slice(0, -1)), 'of the log was removed'],
  ['all removed', (u) => u.lines('records.jsonl', () => []), 'leaf 0 of the log was removed'],
  ['a pair swapped', (u) => u.lines('records.jsonl', swap(0, 1)), 'leaves 1 and 0 of the log'],
  ['two far apart swapped', (u) => u.lines('records.jsonl', swap(0, 3)), 'records.jsonl, line 1'],
  ['one doubled', (u) => u.lines('records.jsonl', double(1)), 'records.jsonl, line 3, record '],
  ['the last line cut', (u) => u.files.set('records.jsonl', utf8(u.text('records.jsonl').slice(0, -1))), 'records.jsonl: the file ends within a line'],
  ['a huge line', (u) => u.files.set('records.jsonl', utf8(`${'x'.repeat(2 << 20)}\n`)), 'records.jsonl: a line is too long'],
  ['a personal value', (u) => u.replace('personal.jsonl', '1000299654', '1000299655'), '“oid” was changed'],
  ['a salt', (u) => u.replace('personal.jsonl', '"salt":"', '"salt":"00'), 'personal.jsonl, line 1'],
  ['values removed', (u) => u.lines('personal.jsonl', remove(1)), 'personal values (leaf 1) were removed'],
  ['values said to be erased', (u) => u.lines('personal.jsonl', (l) => ['{"leaf":0,"erased":true}', ...l.slice(1)]), 'said to be erased'],
  ['values given to an erased record', (u) => u.replace('personal.jsonl', '"erased":true', '"fields":{"oid":{"salt":"00","value":"1"}}'), 'was changed'],
  ['values doubled', (u) => u.lines('personal.jsonl', double(0)), 'personal.jsonl, line 2: no record'],
  ['values swapped', (u) => u.lines('personal.jsonl', swap(0, 1)), 'personal.jsonl, line 2: no record'],
  ['values not as they are written', (u) => u.replace('personal.jsonl', '"fields":{', '"fields": {'), 'personal.jsonl, line 1: not a line'],
  ['a personal field added', (u) => u.replace('personal.jsonl', '"fields":{', '"fields":{"a":{"salt":"","value":""},'), 'added or moved'],
  ['values of nobody', (u) => u.lines('personal.jsonl', (l) => [...l, '{"leaf":99,"erased":true}']), 'no record'],
  ['the checkpoint’s size', (u) => u.replace('checkpoint.txt', '\n10\n', '\n11\n'), 'checkpoint.txt: it is not signed'],
  ['the checkpoint emptied', (u) => u.files.set('checkpoint.txt', utf8('')), 'checkpoint.txt: it is no signed note'],
  ['another log’s checkpoint', (u) => u.files.set('checkpoint.txt', fixture('earlier.checkpoint')), 'checkpoint.txt: it is not signed'],
  ['the manifest', (u) => u.replace('manifest.json', '"records": ', '"records": 1'), 'manifest.json: it was changed after it was signed'],
  ['the manifest’s signature', (u) => u.replace('manifest.note', '\n\n— ', '\n\n— x'), 'manifest.note: it is not signed'],
  ['the manifest’s format', (u) => u.replace('manifest.json', 'ochno.package/1', 'ochno.package/2'), 'manifest.json: the format is'],
  ['an unknown field of the manifest', (u) => u.replace('manifest.json', '{', '{"more":1,'), 'manifest.json: the manifest cannot be read'],
  ['the key', (u) => u.files.set('log-key.pub', utf8(new Unpacked(fixture('changed-key.zip')).text('log-key.pub'))), 'manifest.note: it is not signed'],
  ['a key that is none', (u) => u.replace('log-key.pub', '+', '-'), 'log-key.pub: it is no public key'],
  ['the words', (u) => u.replace('README.ru.md', 'журнала', 'журнал'), 'README.ru.md: it was changed'],
  ['a segment’s hash', (u) => u.replace('segments.jsonl', '"sha256":"', '"sha256":"00'), 'segments.jsonl, line 1: not a line'],
  ['a segment’s chain', (u) => u.replace('segments.jsonl', '"chain":"', '"chain":"0'), 'segments.jsonl, line 1: segment 0'],
  ['a segment removed', (u) => u.lines('segments.jsonl', remove(1)), 'does not continue the chain'],
  ['a sealed segment removed', (u) => u.lines('segments.jsonl', (l) => l.slice(0, 2)), 'the log sealed segment 2'],
  ['segments swapped', (u) => u.lines('segments.jsonl', swap(0, 1)), 'segments.jsonl'],
  ['all segments removed', (u) => u.lines('segments.jsonl', () => []), 'of which no segment is here'],
  ['a file added', (u) => u.files.set('sheet.pdf', utf8('%PDF')), 'sheet.pdf: it was added'],
  ['an unknown file', (u) => u.files.set('../../etc/passwd', utf8('')), 'does not belong'],
  ['a file removed', (u) => u.files.delete('personal.jsonl'), 'not in the package: personal.jsonl'],
  ['an optional file removed', (u) => u.files.delete('segments.jsonl'), 'segments.jsonl: it was removed'],
];

describe.each(['exam.zip', 'whole.zip', 'recordings.zip'])('%s, broken', (name) => {
  it.each(both)('%s: it is found and named', async (_, harm, want) => {
    const u = new Unpacked(fixture(name));
    harm(u);
    expect((await found(u.pack())).join('\n')).toContain(want);
  });
});

const recorded = (n: number) => `recordings/00000000-0000-4000-8000-0000000000c1/${n}.webm`;

const single: [file: string, ...Harm][] = [
  ['exam.zip', 'a proof’s hash', (u) => u.lines('proofs.jsonl', swap(0, 1)), 'the proofs are out of order'],
  ['exam.zip', 'a proof removed', (u) => u.lines('proofs.jsonl', remove(1)), 'records.jsonl, line 2'],
  ['exam.zip', 'a proof’s leaf', (u) => u.replace('proofs.jsonl', '"leaf":0', '"leaf":99'), 'leaf 99 is not proved'],
  ['exam.zip', 'a proof’s path', (u) => u.replace('proofs.jsonl', '"proof":["', '"proof":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","'), 'leaf 0 is not proved'],
  ['exam.zip', 'the proofs replaced by leaves', (u) => u.files.set('leaves.bin', utf8('')), 'leaves.bin: whether it is there'],
  ['whole.zip', 'a leaf changed', (u) => u.files.get('leaves.bin')?.fill(0, 0, 1), 'leaves.bin: these leaves do not have the root'],
  ['whole.zip', 'a leaf removed', (u) => u.files.set('leaves.bin', u.files.get('leaves.bin')?.slice(32) ?? utf8('')), 'leaves.bin: it has 288 bytes'],
  ['whole.zip', 'the leaves removed', (u) => u.files.delete('leaves.bin'), 'leaves.bin: whether it is there'],
  ['recordings.zip', 'a recorded file changed', (u) => u.files.set(recorded(1), utf8('x')), 'the recorded file of segment 1 of recording 00000000-0000-4000-8000-0000000000c1 was changed'],
  ['recordings.zip', 'a recorded file longer', (u) => u.files.set(recorded(0), utf8('00')), 'segment 0 of recording 00000000-0000-4000-8000-0000000000c1 was changed'],
  ['recordings.zip', 'a recorded file removed', (u) => u.files.delete(recorded(2)), 'the recorded file of segment 2 of recording 00000000-0000-4000-8000-0000000000c1 was removed'],
  ['recordings.zip', 'a recorded file added', (u) => u.files.set(recorded(4), utf8('4')), `${recorded(4)}: it was added`],
  ['recordings.zip', 'a recorded file elsewhere', (u) => u.replace('segments.jsonl', '/1.webm', '/0.webm'), 'in another place'],
  ['recordings.zip', 'a recorded file without its line', (u) => u.files.delete('segments.jsonl'), `${recorded(0)}: it was added`],
  ['changed-key.zip', 'the change removed', (u) => u.files.delete('key-changes.jsonl'), 'key-changes.jsonl: it was removed'],
  ['changed-key.zip', 'the change emptied', (u) => u.files.set('key-changes.jsonl', utf8('')), 'key-changes.jsonl: it was changed'],
  ['changed-key.zip', 'the change’s size', (u) => u.replace('key-changes.jsonl', 'key-change/1\\n2\\n', 'key-change/1\\n9\\n'), 'key-changes.jsonl: it is not signed'],
  ['changed-key.zip', 'the change doubled', (u) => u.lines('key-changes.jsonl', double(0)), 'does not follow'],
];

it.each(single)('%s, %s: it is found and named', async (name, _, harm, want) => {
  const u = new Unpacked(fixture(name));
  harm(u);
  expect((await found(u.pack())).join('\n')).toContain(want);
});

describe('what is known from elsewhere', () => {
  it('refuses a key that did not sign', async () => {
    const key = new Unpacked(fixture('changed-key.zip')).text('log-key.pub');
    expect((await found(fixture('whole.zip'), { key })).join()).toContain('log-key.pub: the package says it is signed by the key');
  });

  it('refuses a checkpoint that is none, and one of another log', async () => {
    expect((await found(fixture('whole.zip'), { earlier: utf8('rubbish') })).join()).toContain('the checkpoint that you gave');
    expect((await found(fixture('whole.zip'), { earlier: fixture('earlier.checkpoint') })).join()).toContain('the checkpoint that you gave');
  });

  it('holds a selection against its own checkpoint, which is the same tree', async () => {
    const earlier = new Unpacked(fixture('exam.zip')).files.get('checkpoint.txt') ?? utf8('');
    expect((await verify(new Blob([fixture('exam.zip')]), { earlier })).earlier).toBe(true);
  });
});

describe('no package', () => {
  const good = fixture('whole.zip');
  it.each([
    ['nothing', utf8('')],
    ['rubbish', utf8('rubbish'.repeat(1000))],
    ['one that was cut at the end', good.slice(0, -1)],
    ['one that was cut in the middle', good.slice(0, good.length / 2)],
    ['one that was cut at the beginning', good.slice(good.length / 2)],
  ])('%s', async (_, zip) => {
    expect((await found(zip)).join()).toContain('no whole ZIP');
  });

  it('is one whose files overlap or are compressed', async () => {
    const overlap = good.slice();
    const view = new DataView(overlap.buffer);
    const directory = view.getUint32(overlap.length - 6, true);
    view.setUint32(directory + 24, 0xffff, true);
    view.setUint32(directory + 20, 0xffff, true);
    expect((await found(overlap)).join()).toContain('overlap');
    const packed = good.slice();
    new DataView(packed.buffer).setUint16(directory + 10, 8, true);
    expect((await found(packed)).join()).toContain('compressed');
  });

  it('changes in any byte never pass for a whole package of other records', async () => {
    for (let at = 0; at < good.length; at += 97) {
      const changed = good.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      const report = await verify(new Blob([changed]));
      if (report.findings.length === 0) expect(report).toMatchObject({ records: 10, values: 7, segments: 3 }); // a byte that says nothing, as a CRC
    }
  });
});
