import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const storageKey = 'ochno.spokenHints';

function chosen(): boolean {
  try {
    return window.localStorage.getItem(storageKey) === 'yes';
  } catch {
    return false;
  }
}

export interface Spoken {
  /** Undefined where the browser cannot speak. */
  on: boolean | undefined;
  choose: (on: boolean) => void;
}

/** Whether instructions are spoken by the browser: the student's choice, kept for the next time. */
export function useSpokenChoice(): Spoken {
  const [on, setOn] = useState(chosen);
  const able = 'speechSynthesis' in window;
  const choose = (wanted: boolean) => {
    setOn(wanted);
    try {
      window.localStorage.setItem(storageKey, wanted ? 'yes' : 'no');
    } catch {
      // Not kept, then: a private window.
    }
  };
  return { on: able ? on : undefined, choose };
}

/**
 * Says the text when it changes, in the page's language. Without a text it is silent at once:
 * while digits are read aloud the microphone must hear nobody else.
 */
export function useSpoken(text: string | undefined, on: boolean): void {
  const { i18n } = useTranslation();
  useEffect(() => {
    if (!on || text === undefined || text === '' || !('speechSynthesis' in window)) return undefined;
    const words = new SpeechSynthesisUtterance(text);
    words.lang = i18n.language === 'en' ? 'en-GB' : 'ru-RU';
    // A hint that lasts a moment is not worth the breath.
    const wait = setTimeout(() => window.speechSynthesis.speak(words), 400);
    return () => {
      clearTimeout(wait);
      window.speechSynthesis.cancel();
    };
  }, [text, on, i18n.language]);
}
