import { base64, hex, same, textOf, type Bytes } from './bytes';
import { Mismatch, shorten, type Finding } from './finding';
import { Keys, openCheckpoint, type Checkpoint } from './keys';
import { provedLeaves, wholeLeaves } from './leaves';
import { blocks } from './lines';
import { format, isText, readManifest, strictObject, type Manifest } from './manifest';
import { openNote } from './note';
import { Walk } from './records';
import { emptyReport, type Report } from './report';
import { checkSegments, checkUnnamed } from './segments';
import { Sha256, sha256 } from './sha256';
import { Frontier } from './tree';
import { names, openZip, type Contents, type FileName } from './zip';

/** What the one who checks knows from elsewhere. */
export interface Trust {
  key?: string;
  /** A signed checkpoint that was kept. */
  earlier?: Bytes;
}

const maxFindings = 50;

/** Checks a package step by step, as ../../../proctor/ledger/FORMAT.md says. It takes little memory whatever the size. */
export async function verify(zip: Blob, trust: Trust = {}, progress: (done: number, of: number) => void = () => undefined): Promise<Report> {
  const report = emptyReport();
  const find = (finding: Finding) => {
    if (report.findings.length < maxFindings) report.findings.push(finding);
    else report.more++;
  };
  try {
    const files = await openZip(zip);
    const { manifest, checkpoint, earlier, ok } = await signatures(files, trust, report, find);
    if (!ok) return report;
    await vouched(files, manifest, find);
    if (manifest.whole) await wholeTree(files, checkpoint, earlier, report, find);
    else selection(checkpoint, earlier, report);
    const leaves = manifest.whole ? wholeLeaves(files.file('leaves.bin')) : provedLeaves(files.file('proofs.jsonl'), checkpoint, find);
    const walk = new Walk(files.file('records.jsonl'), files.file('personal.jsonl'), leaves, report, find);
    await walk.run((done) => progress(done, manifest.records));
    if (walk.lines !== manifest.records) find({ file: 'records.jsonl', what: { code: 'recordCount', is: walk.lines, want: manifest.records } });
    if (walk.erased !== manifest.erased) find({ file: 'personal.jsonl', what: { code: 'erasedCount', is: walk.erased, want: manifest.erased } });
    if (files.has('segments.jsonl')) {
      const lines = await checkSegments(files.file('segments.jsonl'), walk.heads, files.recorded, report, find);
      if (lines !== manifest.segments) find({ file: 'segments.jsonl', what: { code: 'segmentCount', is: lines, want: manifest.segments } });
    }
    checkUnnamed(files.recorded, find);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    find({ file: error.file, what: error.what });
  }
  return report;
}

/** Runs a step whose mismatch is that file's. */
async function of<T>(file: string | undefined, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof Mismatch && error.file === undefined && file !== undefined ? new Mismatch(error.what, file) : error;
  }
}

interface Signed {
  manifest: Manifest;
  checkpoint: Checkpoint;
  earlier: Checkpoint | undefined;
  ok: boolean;
}

/** Opens the manifest and the checkpoint with the key. */
async function signatures(files: Contents, trust: Trust, report: Report, find: (finding: Finding) => void): Promise<Signed> {
  report.key = (textOf(await files.small('log-key.pub')) ?? '').trim();
  const changed = files.has('key-changes.jsonl');
  const keys = await of(changed ? 'key-changes.jsonl' : 'log-key.pub', async () => Keys.read(report.key, changed ? await keyChanges(files) : []));
  const key = keys.current();
  const given = trust.key?.trim() ?? '';
  if (given !== '') {
    if (!keys.known(given)) throw new Mismatch({ code: 'otherKey', is: shorten(report.key), want: shorten(given) }, 'log-key.pub');
    report.pinned = true;
    report.succeeded = given !== report.key;
  }
  const text = await files.small('manifest.json');
  const manifest = readManifest(text);
  if (manifest === undefined) throw new Mismatch({ code: 'badManifest' }, 'manifest.json');
  report.manifest = manifest;
  if (manifest.format !== format) throw new Mismatch({ code: 'unknownFormat', is: shorten(manifest.format) }, 'manifest.json');
  if (manifest.origin !== key.name) throw new Mismatch({ code: 'otherOrigin', is: shorten(manifest.origin), want: key.name }, 'manifest.json');
  const signed = await of('manifest.note', async () => openNote(await files.small('manifest.note'), key));
  let ok = true;
  if (signed !== `${format}\n${manifest.origin}\n${base64(sha256(text))}\n`) {
    find({ file: 'manifest.json', what: { code: 'manifestChanged' } });
    ok = false;
  }
  const checkpoint = await of('checkpoint.txt', async () => openCheckpoint(await files.small('checkpoint.txt'), key));
  report.checkpoint = checkpoint;
  if (checkpoint.size !== manifest.size) {
    find({ file: 'checkpoint.txt', what: { code: 'otherSize', is: checkpoint.size, want: manifest.size } });
    ok = false;
  }
  let earlier: Checkpoint | undefined;
  if (trust.earlier !== undefined) {
    try {
      earlier = await keys.open(trust.earlier);
    } catch (error) {
      throw error instanceof Mismatch ? new Mismatch({ code: 'earlierUnsigned' }) : error;
    }
  }
  return { manifest, checkpoint, earlier, ok };
}

async function keyChanges(files: Contents): Promise<string[]> {
  const text = textOf(await files.small('key-changes.jsonl')) ?? '?';
  const lines = text.split('\n').slice(0, text === '' || text.endsWith('\n') ? -1 : undefined);
  return lines.map((line, i) => {
    const change = strictObject<{ note: string }>(new TextEncoder().encode(line), { note: isText });
    if (change === undefined) throw new Mismatch({ code: 'badKeyChange', line: i + 1 });
    return change.note;
  });
}

/** What the tree proves through its contents, and what the signature is over, need no hash in the manifest. */
const proved: readonly FileName[] = ['manifest.json', 'manifest.note', 'records.jsonl', 'personal.jsonl', 'leaves.bin'];

/** Compares the files with the hashes that the manifest has of them. */
async function vouched(files: Contents, manifest: Manifest, find: (finding: Finding) => void): Promise<void> {
  for (const name of names.filter((one) => !proved.includes(one))) {
    const want = Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
    if (!files.has(name)) {
      if (want !== undefined) find({ file: name, what: { code: 'fileRemoved' } });
      continue;
    }
    if (want === undefined) {
      find({ file: name, what: { code: 'fileAdded' } });
      continue;
    }
    const hash = new Sha256();
    for await (const block of blocks(files.file(name))) hash.update(block);
    if (hex(hash.digest()) !== want) find({ file: name, what: { code: 'fileChanged' } });
  }
  for (const [name, want] of [['leaves.bin', manifest.whole], ['proofs.jsonl', !manifest.whole]] as const) {
    if (files.has(name) !== want) throw new Mismatch({ code: 'fileUnfit' }, name);
  }
}

/** Computes the root of leaves.bin and holds the earlier checkpoint against it. */
async function wholeTree(
  files: Contents,
  checkpoint: Checkpoint,
  earlier: Checkpoint | undefined,
  report: Report,
  find: (finding: Finding) => void,
): Promise<void> {
  const file = files.file('leaves.bin');
  const want = checkpoint.size * 32;
  if (file.size !== want) find({ file: 'leaves.bin', what: { code: 'leavesLength', is: file.size, want, size: checkpoint.size } });
  const leaves = wholeLeaves(file);
  const tree = new Frontier();
  for (let leaf = await leaves.take(); leaf !== undefined; leaf = await leaves.take()) {
    tree.add(leaf.hash);
    if (tree.size === earlier?.size && !same(tree.root(), earlier.root)) find({ file: 'leaves.bin', what: { code: 'builtAnew', size: tree.size } });
  }
  if (tree.size !== checkpoint.size || !same(tree.root(), checkpoint.root)) find({ file: 'leaves.bin', what: { code: 'otherRoot', size: checkpoint.size } });
  if (earlier === undefined) return;
  if (earlier.size > checkpoint.size) throw new Mismatch({ code: 'cutOff', earlier: earlier.size, size: checkpoint.size }, 'checkpoint.txt');
  report.earlier = true;
}

/** A selection proves nothing of another tree, unless it is the same one. */
function selection(checkpoint: Checkpoint, earlier: Checkpoint | undefined, report: Report): void {
  if (earlier === undefined) return;
  if (earlier.size !== checkpoint.size) throw new Mismatch({ code: 'earlierNeedsWhole', size: earlier.size }, 'checkpoint.txt');
  if (!same(earlier.root, checkpoint.root)) throw new Mismatch({ code: 'builtAnew', size: earlier.size }, 'checkpoint.txt');
  report.earlier = true;
}
