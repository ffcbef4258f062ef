import { Button, Card, Container, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconFaceId, IconFileCertificate, IconShieldCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { signInURL } from '../api/client';
import type { Organisation } from '../api/types';
import { CodeForm } from './CodeForm';
import classes from './Home.module.css';

/** For whoever is not signed in: the service in three sentences, and two ways in. */
export function GuestHome({ organisation }: { organisation: Organisation }) {
  const { t } = useTranslation('home');
  const points = [
    { icon: <IconFaceId aria-hidden />, title: t('point.identityTitle'), text: t('point.identityText') },
    { icon: <IconShieldCheck aria-hidden />, title: t('point.dataTitle'), text: t('point.dataText') },
    { icon: <IconFileCertificate aria-hidden />, title: t('point.choiceTitle'), text: t('point.choiceText') },
  ];
  return (
    <Container size="lg" py={{ base: 'xl', sm: 64 }}>
      <div className={classes.hero}>
        <Stack gap="lg" align="flex-start">
          <Title order={1} className={classes.title}>
            {t('heading')}
          </Title>
          <Text className={classes.lead}>{t('lead')}</Text>
          {organisation.name !== '' && <Text c="dimmed">{organisation.name}</Text>}
        </Stack>
        <Card padding="xl" className={classes.entrance}>
          <Stack gap="xl">
            <CodeForm />
            <Stack gap="xs">
              <Text size="md" c="dimmed">
                {t('staff')}
              </Text>
              <Button component="a" href={signInURL('/')} variant="default" size="lg" data-testid="sign-in">
                {t('signIn')}
              </Button>
            </Stack>
          </Stack>
        </Card>
      </div>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl" mt={{ base: 40, sm: 72 }}>
        {points.map((point) => (
          <Stack key={point.title} gap="xs">
            <ThemeIcon size={44} radius="md" variant="light">
              {point.icon}
            </ThemeIcon>
            <Title order={2} size="h3">
              {point.title}
            </Title>
            <Text size="md" c="dimmed">
              {point.text}
            </Text>
          </Stack>
        ))}
      </SimpleGrid>
    </Container>
  );
}
