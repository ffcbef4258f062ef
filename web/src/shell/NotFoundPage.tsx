import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { PageTitle } from './PageTitle';

/** An address that leads nowhere. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Container size="xs" py={80}>
      <PageTitle title={t('error.notFoundTitle')} />
      <Stack align="flex-start">
        <Title order={1}>{t('error.notFoundTitle')}</Title>
        <Text>{t('error.notFoundText')}</Text>
        <Button component={Link} to="/" variant="light">
          {t('toStart')}
        </Button>
      </Stack>
    </Container>
  );
}
