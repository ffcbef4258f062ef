import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Accommodation } from '../api/types';

/** What is done differently for a student, in a few plain words each. */
export function useAccommodationWords(): (accommodation: Accommodation | undefined) => string[] {
  const { t } = useTranslation('common');
  return useCallback(
    (accommodation) => {
      if (accommodation === undefined) return [];
      const words: string[] = [];
      if (accommodation.moreMinutes > 0) words.push(t('accommodation.more', { count: accommodation.moreMinutes }));
      if (accommodation.noVoice) words.push(t('accommodation.noVoice'));
      return words;
    },
    [t],
  );
}
