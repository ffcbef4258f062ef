import './page.css';
import { utf8 } from './bytes';
import { unable } from './note';
import type { Report } from './report';
import { verify, type Trust } from './verify';
import { say, type Words } from './words';
import { en } from './words.en';
import { ru } from './words.ru';

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

function field(id: string, label: string, hint: string, value: string, rows: number): [HTMLElement, HTMLTextAreaElement] {
  const input = element('textarea');
  input.id = id;
  input.rows = rows;
  input.value = value;
  input.spellcheck = false;
  input.setAttribute('aria-describedby', `${id}-hint`);
  const name = element('label', '', label);
  name.htmlFor = id;
  const help = element('p', 'hint', hint);
  help.id = `${id}-hint`;
  return [element('div', 'field', name, help, input), input];
}

/** The page as it stands: a file, what the reader knows, and what became of checking. */
class Page {
  private words: Words = /^ru\b/i.test(navigator.language) ? ru : en;
  private file: File | undefined;
  private key = '';
  private earlier = '';
  private report: Report | 'broken' | undefined;
  private trouble: 'insecure' | 'noEd25519' | undefined;
  private run = 0;
  private readonly outcome = element('section', 'outcome');

  constructor(private readonly root: HTMLElement) {
    this.outcome.setAttribute('aria-live', 'polite');
  }

  async start(): Promise<void> {
    this.draw();
    this.trouble = await unable();
    this.draw();
  }

  private draw(): void {
    const { words } = this;
    document.documentElement.lang = words.lang;
    document.title = words.title;
    const language = element('button', 'language', words.other);
    language.type = 'button';
    language.dataset.testid = 'language';
    language.addEventListener('click', () => {
      this.words = words === ru ? en : ru;
      this.draw();
    });
    const body = this.trouble === undefined ? this.form() : [element('p', 'trouble', words[this.trouble])];
    this.root.replaceChildren(
      element('header', '', element('span', 'brand', 'Очно'), language),
      element('h1', '', words.title),
      element('p', 'lead', words.lead),
      ...body,
      this.outcome,
    );
    this.show();
  }

  private form(): HTMLElement[] {
    const { words } = this;
    const picker = element('input');
    picker.type = 'file';
    picker.accept = '.zip,application/zip';
    picker.id = 'package';
    picker.dataset.testid = 'package';
    const label = element('label', 'button', words.choose);
    label.htmlFor = 'package';
    const drop = element('div', 'drop', picker, label, element('span', 'hint', this.file?.name ?? words.drop));
    picker.addEventListener('change', () => this.take(picker.files?.[0]));
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      this.take(event.dataTransfer?.files[0]);
    });
    const [keyField, key] = field('key', words.key, words.keyHint, this.key, 2);
    const [earlierField, earlier] = field('earlier', words.earlier, words.earlierHint, this.earlier, 6);
    key.addEventListener('input', () => (this.key = key.value));
    earlier.addEventListener('input', () => (this.earlier = earlier.value));
    return [drop, keyField, earlierField, ...(this.file === undefined ? [] : [this.againButton()])];
  }

  private againButton(): HTMLElement {
    const again = element('button', 'again', this.words.again);
    again.type = 'button';
    again.dataset.testid = 'again';
    again.addEventListener('click', () => void this.check());
    return again;
  }

  private take(file: File | undefined): void {
    if (file === undefined) return;
    this.file = file;
    this.draw();
    void this.check();
  }

  private async check(): Promise<void> {
    if (this.file === undefined) return;
    const run = ++this.run;
    this.report = undefined;
    const line = element('p', 'progress', this.words.checking);
    this.outcome.replaceChildren(line);
    const trust: Trust = {};
    if (this.key.trim() !== '') trust.key = this.key;
    // A text field may have lost the last line feed, which a note ends with.
    if (this.earlier.trim() !== '') trust.earlier = utf8(`${this.earlier.replaceAll('\r', '').trim()}\n`);
    let report: Report | 'broken';
    try {
      report = await verify(this.file, trust, (done, of) => {
        if (run === this.run) line.textContent = `${this.words.checking} ${this.words.progress(done, of)}`;
      });
    } catch {
      report = 'broken';
    }
    if (run !== this.run) return; // another file was chosen meanwhile
    this.report = report;
    this.show();
  }

  private show(): void {
    const { words, report } = this;
    if (report === undefined) return;
    if (report === 'broken') {
      this.outcome.replaceChildren(element('p', 'trouble', words.broken));
      return;
    }
    const good = report.findings.length === 0;
    const card = element('div', good ? 'card good' : 'card bad', element('h2', '', good ? words.good : words.bad));
    card.dataset.testid = 'verdict';
    card.dataset.good = String(good);
    if (good) {
      card.append(
        element('ul', 'proved', ...words.proved(report).map((text) => element('li', '', text))),
        element('ul', 'notes', ...words.notes(report).map((text) => element('li', '', text))),
        this.facts(report),
      );
    } else {
      const list = element('ul', 'findings', ...report.findings.map((finding) => element('li', '', say(words, finding))));
      if (report.more > 0) list.append(element('li', '', words.more(report.more)));
      card.append(element('p', '', words.badLead), list);
    }
    this.outcome.replaceChildren(card);
  }

  private facts(report: Report): HTMLElement {
    const { words } = this;
    const selection = Object.entries(report.manifest?.selection ?? {});
    const rows: [string, string][] = [
      [words.factKey, report.key],
      [words.factMade, report.manifest?.madeAt ?? ''],
      [words.factTypes, Array.from(report.byType, ([type, n]) => `${type}: ${n}`).sort().join(', ')],
      [words.factSelection, selection.map(([name, value]) => `${name} = ${value}`).join(', ')],
    ];
    const list = element('dl', 'facts');
    for (const [name, value] of rows) if (value !== '') list.append(element('dt', '', name), element('dd', '', value));
    return list;
  }
}

const root = document.querySelector<HTMLElement>('main');
if (root !== null) void new Page(root).start();
