import type { Finding, Mismatched } from './finding';
import type { Report } from './report';

/** Everything the page says. The page is one file without the application's catalogue. */
export interface Words {
  lang: 'ru' | 'en';
  title: string;
  lead: string;
  choose: string;
  drop: string;
  key: string;
  keyHint: string;
  earlier: string;
  earlierHint: string;
  again: string;
  checking: string;
  progress: (done: number, of: number) => string;
  good: string;
  bad: string;
  badLead: string;
  more: (n: number) => string;
  broken: string;
  insecure: string;
  noEd25519: string;
  /** The name of the other language. */
  other: string;
  line: (n: number) => string;
  record: (id: string) => string;
  /** What was proved, a sentence each. */
  proved: (report: Report) => string[];
  /** What was not, and what is left to the reader. */
  notes: (report: Report) => string[];
  factKey: string;
  factMade: string;
  factTypes: string;
  factSelection: string;
  what: (mismatch: Mismatched) => string;
}

/** A finding in words: where, then what. */
export function say(words: Words, { file, line, record, what }: Finding): string {
  const where = [file, line === undefined ? undefined : words.line(line), record === undefined ? undefined : words.record(record)];
  const place = where.filter((part) => part !== undefined).join(', ');
  return place === '' ? words.what(what) : `${place}: ${words.what(what)}`;
}
