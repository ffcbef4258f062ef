import { Center, Loader, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A page or a pane that is on its way. */
export function LoadingView() {
  const { t } = useTranslation();
  return (
    <Center py={80} role="status">
      <Loader />
      <VisuallyHidden>{t('loading')}</VisuallyHidden>
    </Center>
  );
}
