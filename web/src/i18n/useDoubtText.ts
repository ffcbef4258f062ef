import { useTranslation } from 'react-i18next';
import { doubts, type Doubt } from '../api/types';
import { useFormat } from './useFormat';

/** A doubt of our own examination in plain words; one that this version does not know is shown as its code. */
export function useDoubtText(): (flag: unknown) => string {
  const { t } = useTranslation('common');
  return (flag) => {
    const known = doubts.find((code) => code === flag);
    return known === undefined ? String(flag) : t(`doubt.${known}`);
  };
}

/** A doubt with how far beyond its limit it is. */
export function useDoubtLine(): (doubt: Doubt) => string {
  const { t } = useTranslation('common');
  const text = useDoubtText();
  const { score } = useFormat();
  return ({ flag, confidence }) => t('doubt.one', { what: text(flag), confidence: score(confidence) });
}
