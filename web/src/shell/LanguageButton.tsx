import { Button, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chooseLanguage } from '../i18n/i18n';
import { useFormat } from '../i18n/useFormat';

/** Switches between the two languages. */
export function LanguageButton() {
  const { t } = useTranslation();
  const { language } = useFormat();
  return (
    <Button
      size="compact-md"
      variant="subtle"
      color="gray"
      c="dimmed"
      data-testid="language"
      onClick={() => void chooseLanguage(language === 'ru' ? 'en' : 'ru')}
    >
      {t('header.languageShort')}
      <VisuallyHidden lang={language === 'ru' ? 'en' : 'ru'}>&nbsp;{t('header.language')}</VisuallyHidden>
    </Button>
  );
}
