import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useProblemText } from './useProblemText';

interface ProblemAlertProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** Other ways on, beside trying again. */
  children?: ReactNode;
}

/** A failure: what happened, its code and a way on. */
export function ProblemAlert({ error, onRetry, children }: ProblemAlertProps) {
  const { t } = useTranslation();
  const { text, code } = useProblemText()(error);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertCircle aria-hidden />}
      title={t('error.title')}
      role="alert"
      data-testid="problem"
      data-code={code}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="md">{text}</Text>
        <Text size="sm" c="dimmed">
          {t('error.code', { code })}
        </Text>
        <Group gap="sm">
          {onRetry !== undefined && (
            <Button size="sm" variant="light" onClick={onRetry}>
              {t('retry')}
            </Button>
          )}
          {children}
        </Group>
      </Stack>
    </Alert>
  );
}
