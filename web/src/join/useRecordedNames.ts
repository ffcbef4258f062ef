import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat';

/** «камера и микрофон»: what is recorded, as a phrase. */
export function useRecordedNames(recorded: string[]): string {
  const { t } = useTranslation('join');
  const { language } = useFormat();
  const names = recorded.map((source) => {
    switch (source) {
      case 'camera':
        return t('card.camera');
      case 'microphone':
        return t('card.microphone');
      case 'screen':
        return t('card.screen');
      case 'phone':
        return t('card.phone');
      default:
        return source;
    }
  });
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
}
