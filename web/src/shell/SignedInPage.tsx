import { Container, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { PageTitle } from './PageTitle';
import { tellSignedIn } from './signedIn';

/** Where a sign-in beside another page ends: that one goes on. */
export default function SignedInPage() {
  const { t } = useTranslation();
  useEffect(tellSignedIn, []);
  return (
    <Container size="xs" py={80} data-testid="signed-in">
      <PageTitle title={t('again.doneTitle')} />
      <Stack>
        <Title order={1}>{t('again.doneTitle')}</Title>
        <Text>{t('again.done')}</Text>
      </Stack>
    </Container>
  );
}
