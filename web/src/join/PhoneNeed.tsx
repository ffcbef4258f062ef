import { useTranslation } from 'react-i18next';

/** What is needed where a phone is the second camera. */
export function PhoneNeed() {
  const { t } = useTranslation('phone');
  return t('card.need');
}
