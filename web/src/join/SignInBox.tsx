import { Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { signInURL } from '../api/client';

/** The way in for a guest. */
export function SignInBox({ code }: { code: string }) {
  const { t } = useTranslation('join');
  return (
    <Stack gap="xs" align="stretch">
      <Button
        component="a"
        href={signInURL(`/e/${encodeURIComponent(code)}`)}
        size="xl"
        data-testid="sign-in"
      >
        {t('card.signIn')}
      </Button>
      <Text size="sm" c="dimmed" ta="center">
        {t('card.signInWhy')}
      </Text>
    </Stack>
  );
}
