import type { Mismatched } from './finding';
import type { Report } from './report';
import type { Words } from './words';

/** English. */
export const en: Words = {
  lang: 'en',
  title: 'Check a package of the log',
  lead: 'Choose a package of the identification log that the registrar gave you. It stays on this device: the page has no network at all, and works when it was saved and opened from a disk.',
  choose: 'Choose the package (ZIP)',
  drop: 'or drop it here',
  key: 'The log’s public key',
  keyHint: 'As the university publishes it. Without it the page checks everything by the key that came with the package, and shows it.',
  earlier: 'A checkpoint that you kept',
  earlierHint: 'From a printed sheet or a letter, whole, with its signature. For a package of the whole log the page then proves that nothing before it was changed since.',
  again: 'Check again',
  checking: 'Checking…',
  progress: (done, of) => `${done.toLocaleString('en')} of ${of.toLocaleString('en')} records`,
  good: 'Everything fits',
  bad: 'This package does not prove what it says',
  badLead: 'What does not fit:',
  more: (n) => `… and ${n.toLocaleString('en')} more`,
  broken: 'The file could not be read. Was it moved or removed?',
  insecure: 'This page was opened over plain http, where a browser lends no cryptography. Save it and open it from a disk, or open it over https.',
  noEd25519: 'This browser cannot check Ed25519 signatures, so it cannot check a package. Take Chrome or Edge 137, Firefox 129, Safari 17 or newer, or the program: ochno log verify.',
  other: 'Русский',
  line: (n) => `line ${n}`,
  record: (id) => `record ${id}`,
  proved(r: Report): string[] {
    const m = r.manifest;
    if (m === undefined) return [];
    const n = (value: number) => value.toLocaleString('en');
    const out = [
      m.whole
        ? `All ${n(r.records)} records of the log “${m.origin}” are here, in order; none was changed, added, removed or moved since the checkpoint was signed.`
        : `Each of the ${n(r.records)} records stands unchanged in the log “${m.origin}”, which had ${n(m.size)} records when the checkpoint was signed.`,
    ];
    if (r.values > 0) out.push(`The personal values of ${n(r.values)} records are those that were sealed with them.`);
    if (r.segments > 0) out.push(`The hashes of ${n(r.segments)} recorded segments are those that the log sealed${r.recorded === 0 ? ': compare a recording’s file with its SHA-256 in segments.jsonl' : ''}.`);
    if (r.recorded > 0) out.push(`${n(r.recorded)} recorded files (${n(Math.round(r.recordedBytes / 1e6))} MB) are in this package, unchanged: any browser plays them from the folder recordings.`);
    if (r.earlier) out.push('The log begins with the very records that your earlier checkpoint signed.');
    if (r.succeeded) out.push('It is signed by a key that took over from the one that you gave; each change is signed by both keys.');
    else if (r.pinned) out.push('It is signed by the key that you gave.');
    return out;
  },
  notes(r: Report): string[] {
    const m = r.manifest;
    if (m === undefined) return [];
    const out: string[] = [];
    if (m.erased > 0) out.push(`The personal values of ${m.erased.toLocaleString('en')} records were erased or left out of this package (their salted hashes stay); the rest of these records is proved.`);
    if (r.unsealed > 0) out.push(`Segments recorded after the last seal: ${r.unsealed.toLocaleString('en')}. Nothing is proved of them.`);
    if (!m.whole) out.push(`It is a selection, signed on ${m.madeAt}. That it leaves out no record which fits is the word of who made it; a package of the whole log proves it.`);
    if (!r.pinned) out.push('The key came with the package. Compare it with the one that the university publishes.');
    return out;
  },
  factKey: 'Key',
  factMade: 'Made',
  factTypes: 'Records by type',
  factSelection: 'Selection',
  what(m: Mismatched): string {
    switch (m.code) {
      case 'notZip': return 'this is no whole ZIP file: it was cut or is something else';
      case 'directoryTooLarge': return 'this is no package: its directory is too large';
      case 'overlap': return 'its files overlap, or are larger than the package';
      case 'unknownFile': return `“${m.name}” does not belong into a package`;
      case 'doubled': return `${m.name} is there twice`;
      case 'compressed': return `${m.name} is compressed: in a package files are stored as they are`;
      case 'encrypted': return `${m.name} is encrypted`;
      case 'tooLarge': return `${m.name} is too large`;
      case 'missingFile': return `not in the package: ${m.name}`;
      case 'unreadable': return `${m.name} cannot be read`;
      case 'notAKey': return 'it is no public key of a log';
      case 'notANote': return 'it is no signed note';
      case 'notSigned': return 'it is not signed by the log’s key';
      case 'notACheckpoint': return 'it is no checkpoint';
      case 'keyChangedToOther': return 'the log’s key was changed to another one than log-key.pub';
      case 'badKeyChange': return `change ${m.line} of the key is not signed by both keys, or does not follow the one before`;
      case 'otherKey': return `the package says it is signed by the key ${m.is}, you trust ${m.want}`;
      case 'otherOrigin': return `it is of the log “${m.is}”, the key is of “${m.want}”`;
      case 'badManifest': return 'the manifest cannot be read';
      case 'unknownFormat': return `the format is “${m.is}”, which this page does not know`;
      case 'manifestChanged': return 'it was changed after it was signed';
      case 'otherSize': return `it signs a tree of ${m.is} records, the package was made for one of ${m.want}: the checkpoint is another one`;
      case 'earlierUnsigned': return 'the checkpoint that you gave is none, or is not signed by the key that was in force then';
      case 'fileRemoved': return 'it was removed from the package';
      case 'fileAdded': return 'it was added to the package';
      case 'fileChanged': return 'it was changed after the package was signed';
      case 'fileUnfit': return 'whether it is there does not fit the manifest';
      case 'leavesLength': return `it has ${m.is} bytes; a tree of ${m.size} records needs ${m.want}`;
      case 'otherRoot': return `these leaves do not have the root that the checkpoint of size ${m.size} signed: one was changed, added, removed or moved`;
      case 'builtAnew': return `the log’s first ${m.size} records are not those that your earlier checkpoint signed: the log was built anew`;
      case 'cutOff': return `your earlier checkpoint signed ${m.earlier} records, this one signs ${m.size}: records were cut off, or the package is older`;
      case 'earlierNeedsWhole': return `a selection cannot be held against an earlier checkpoint of another size (${m.size}): ask for a package of the whole log`;
      case 'badLine': return 'not a line of the format';
      case 'cutLine': return 'the file ends within a line: it was cut';
      case 'longLine': return 'a line is too long';
      case 'added': return 'the log has no such record here: it was added';
      case 'nobodysValues': return 'no record of this package belongs to these personal values, or they are out of order';
      case 'noValuesSealed': return 'the record sealed no personal values';
      case 'swapped': return `this record and the next are swapped: they are leaves ${m.first} and ${m.second} of the log`;
      case 'changed': return `it was changed: it is not leaf ${m.leaf} as the log sealed it`;
      case 'removed': return `leaf ${m.leaf} of the log was removed from here`;
      case 'valuesRemoved': return `its personal values (leaf ${m.leaf}) were removed from personal.jsonl`;
      case 'unproved': return `leaf ${m.leaf} is not proved by the checkpoint`;
      case 'proofOrder': return `leaf ${m.leaf} comes after leaf ${m.last}: the proofs are out of order`;
      case 'valuesDiffer': return m.field === '' ? 'the personal values are not those that were sealed: fields were added or moved' : `the personal values are not those that were sealed: “${m.field}” was changed or is missing`;
      case 'recordCount': return `it has ${m.is} records, the package was signed with ${m.want}`;
      case 'erasedCount': return `the personal values of ${m.is} records are said to be erased, the package was signed with ${m.want}`;
      case 'segmentCount': return `it has ${m.is} segments, the package was signed with ${m.want}`;
      case 'badHead': return 'a recording’s head that cannot be read';
      case 'segmentOrder': return 'the segment is out of order';
      case 'unsealedRecording': return 'the records of this package seal no such recording, or its segments stand apart';
      case 'recordedAdded': return 'it was added to the package: segments.jsonl does not name it';
      case 'recordedElsewhere': return `the recorded file of segment ${m.segment} of recording ${m.recording} is said to stand in another place than it may`;
      case 'recordedRemoved': return `the recorded file of segment ${m.segment} of recording ${m.recording} was removed from the package`;
      case 'recordedChanged': return `the recorded file of segment ${m.segment} of recording ${m.recording} was changed: it is not the one that was recorded`;
      case 'chainBroken': return `segment ${m.segment} of recording ${m.recording} does not continue the chain: it was changed, or one before it was removed`;
      case 'otherSegment': return `segment ${m.segment} of recording ${m.recording} is not the one that the record sealed`;
      case 'segmentMissing': return `the log sealed segment ${m.segment} of recording ${m.recording}, which is not here`;
      case 'recordingMissing': return `the log sealed recording ${m.recording}, of which no segment is here`;
    }
  },
};
