import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Arrival } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { SignInProblemCode } from './problemOf';

/** What went wrong, what the person or the administrator can do, and the code to tell them. */
export function SignInProblem({ problem, arrival }: { problem: SignInProblemCode; arrival: Arrival | undefined }) {
  const { t } = useTranslation(['arrival', 'common']);
  const { pick } = useFormat();
  // Gosuslugi's errors are many, and each has its own sentence, which the server knows.
  const sentence = arrival?.code === undefined || arrival.message === undefined ? t(`signIn.${problem}.text`) : pick(arrival.message);
  return (
    <Alert
      color="orange"
      icon={<IconAlertCircle aria-hidden />}
      title={t(`signIn.${problem}.title`)}
      role="alert"
      data-testid="sign-in-problem"
      data-code={problem}
      data-esia={arrival?.code}
    >
      <Stack gap="xs">
        <Text size="md">{sentence}</Text>
        <Text size="sm" c="dimmed">
          {t('common:error.code', { code: arrival?.code ?? problem })}
        </Text>
      </Stack>
    </Alert>
  );
}
