import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Tree {
  [key: string]: Tree | string;
}

const source = join(import.meta.dirname, '..');
const languages = ['ru', 'en'] as const;
const plural = /_(zero|one|two|few|many|other)$/;

function flatten(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value] as [string, string]] : flatten(value, `${prefix}${key}.`),
  );
}

function catalogue(language: string): Map<string, string> {
  const folder = join(import.meta.dirname, language);
  const entries = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const tree = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Tree;
      return flatten(tree).map(([key, text]) => [`${file.replace('.json', '')}:${key}`, text] as [string, string]);
    });
  return new Map(entries);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The keys that the source asks for; a `${…}` in a key stands for any one part of it. */
function usedPatterns(): string[] {
  return sourceFiles(source).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const namespaces = [...text.matchAll(/useTranslation\(\s*\[?\s*(?:'(\w+)')?/g)].map((match) => match[1] ?? 'common');
    return [...text.matchAll(/\bt\(\s*(?:'([^']+)'|`([^`]+)`)/g)].flatMap((match) => {
      const key = match[1] ?? match[2] ?? '';
      return key.includes(':') ? [key] : namespaces.map((namespace) => `${namespace}:${key}`);
    });
  });
}

function asRegExp(pattern: string): RegExp {
  const parts = pattern.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^$()[\]\\|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^.:]+')}$`);
}

const catalogues = { ru: catalogue('ru'), en: catalogue('en') };
const base = (key: string) => key.replace(plural, '');
const bases = (language: 'ru' | 'en') => [...new Set([...catalogues[language].keys()].map(base))].sort();

describe('the catalogues', () => {
  it('hold the same keys in both languages', () => {
    expect(bases('en')).toEqual(bases('ru'));
    expect(bases('ru').length).toBeGreaterThan(200);
  });

  it.each(languages)('have no empty text in %s', (language) => {
    expect([...catalogues[language]].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it.each(languages)('have every plural form of %s and no other', (language) => {
    const forms = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort();
    const keys = [...catalogues[language].keys()];
    const plurals = [...new Set(keys.filter((key) => plural.test(key)).map(base))];
    expect(plurals.length).toBeGreaterThan(0);
    for (const key of plurals) {
      const present = keys.filter((candidate) => plural.test(candidate) && base(candidate) === key);
      expect([key, present.map((candidate) => candidate.slice(key.length + 1)).sort()]).toEqual([key, forms]);
    }
  });

  it('put the same values into both languages', () => {
    const values = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '');
    const byBase = (language: 'ru' | 'en', key: string) =>
      [...new Set([...catalogues[language]].filter(([name]) => base(name) === key).flatMap(([, text]) => values(text)))].sort();
    for (const key of bases('ru')) expect([key, byBase('en', key)]).toEqual([key, byBase('ru', key)]);
  });

  it('have every key that the source asks for, and no other', () => {
    const patterns = usedPatterns();
    const matchers = patterns.map(asRegExp);
    const known = bases('ru');
    const unused = known.filter((key) => !matchers.some((matcher) => matcher.test(key)));
    expect(unused).toEqual([]);
    // A file may use two namespaces; a key has to be in one of them, which the compiler checks by name.
    const asked = new Set(patterns.map((pattern) => pattern.slice(pattern.indexOf(':') + 1)));
    const missing = [...asked].filter((key) => !known.some((name) => asRegExp(key).test(name.slice(name.indexOf(':') + 1))));
    expect(missing).toEqual([]);
  });
});
