import { useTranslation } from 'react-i18next';
import type { LocalText } from '../api/types';
import type { Language } from './i18n';

export interface Format {
  language: Language;
  /** One of the two sentences that the server sends. */
  pick: (text: LocalText) => string;
  /** 21 ноября 2026 г., 14:05 */
  dateTime: (iso: string) => string;
  /** 21.11.2026, 14:05:09: for tables and evidence. */
  stamp: (iso: string) => string;
  date: (iso: string) => string;
  time: (iso: string) => string;
  /** Start and end as one period. */
  period: (from: string, to: string) => string;
  /** The person's own time zone, as people call it. */
  timeZone: () => string;
  /** A likeness or threshold: two to six digits, never rounded up: verifiers speak of 0.99995 and 0.9999. */
  score: (value: number) => string;
  /** 1,2 ГБ */
  bytes: (count: number) => string;
}

function build(language: Language): Format {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  const stamp = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const score = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
  const zone = new Intl.DateTimeFormat(locale, { timeZoneName: 'shortOffset' });
  return {
    language,
    pick: (text) => (language === 'ru' ? text.ru : text.en) || text.ru || text.en,
    dateTime: (iso) => dateTime.format(new Date(iso)),
    stamp: (iso) => stamp.format(new Date(iso)),
    date: (iso) => date.format(new Date(iso)),
    time: (iso) => time.format(new Date(iso)),
    period: (from, to) => dateTime.formatRange(new Date(from), new Date(to)),
    timeZone: () => zone.formatToParts(new Date()).find((part) => part.type === 'timeZoneName')?.value ?? '',
    bytes: (count) => {
      const step = count < 1e6 ? 1 : count < 1e9 ? 2 : 3;
      const unit = (['kilobyte', 'megabyte', 'gigabyte'] as const)[step - 1] ?? 'gigabyte';
      const value = Math.max(count / 1000 ** step, count > 0 ? 0.1 : 0);
      return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
    },
    score: (value) => score.format(Math.floor(value * 1e6 + 1e-3) / 1e6),
  };
}

// Formatters are dear to make, and the same for every component that speaks the language.
const formats = new Map<Language, Format>();

/** Dates and numbers in the language of the page. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const language: Language = i18n.language === 'en' ? 'en' : 'ru';
  const known = formats.get(language);
  if (known !== undefined) return known;
  const made = build(language);
  formats.set(language, made);
  return made;
}
