import { memo } from 'react';
import { useTranslation } from 'react-i18next';

/** The title of the browser's tab. */
export const PageTitle = memo(function PageTitle({ title }: { title: string }) {
  const { t } = useTranslation();
  return <title>{t('pageTitle', { title })}</title>;
});
