import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** The page when it broke: it says so and offers to load it anew. */
export function CrashView() {
  const { t } = useTranslation();
  return (
    <Container size="xs" py="xl">
      <Stack align="flex-start" role="alert">
        <Title order={1}>{t('error.title')}</Title>
        <Text size="lg">{t('error.unknown')}</Text>
        <Button size="md" onClick={() => window.location.reload()}>
          {t('retry')}
        </Button>
      </Stack>
    </Container>
  );
}
