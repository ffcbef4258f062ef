import i18next, { type BackendModule, type ResourceKey } from 'i18next';
import { initReactI18next } from 'react-i18next';

export const languages = ['ru', 'en'] as const;
export type Language = (typeof languages)[number];

const storageKey = 'ochno.language';

// A catalogue is a chunk of its own: a student never loads the proctor's words.
const catalogues = import.meta.glob<ResourceKey>(['./ru/*.json', './en/*.json'], { import: 'default' });

const backend: BackendModule = {
  type: 'backend',
  init: () => undefined,
  read: (language, namespace, callback) => {
    const load = catalogues[`./${language}/${namespace}.json`];
    if (load === undefined) {
      callback(new Error(`no catalogue ${language}/${namespace}`), null);
      return;
    }
    load().then(
      (catalogue) => callback(null, catalogue),
      (error: unknown) => callback(error as Error, null),
    );
  },
};

function storedLanguage(): Language {
  try {
    return window.localStorage.getItem(storageKey) === 'en' ? 'en' : 'ru';
  } catch {
    return 'ru'; // storage may be forbidden by the browser's settings
  }
}

/** Makes the catalogue ready in the language chosen last, Russian at first. */
export async function startI18n(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: storedLanguage(),
      fallbackLng: false,
      supportedLngs: languages,
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

/** Switches the language and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  try {
    window.localStorage.setItem(storageKey, language);
  } catch {
    // The choice then lasts as long as the page.
  }
  await i18next.changeLanguage(language);
}

