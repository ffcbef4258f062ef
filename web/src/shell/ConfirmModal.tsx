import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './Dialog';
import { ProblemAlert } from './ProblemAlert';

interface ConfirmModalProps {
  opened: boolean;
  title: string;
  text: ReactNode;
  confirmLabel: string;
  /** Red for what cannot be undone. */
  danger?: boolean;
  pending: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
  testId: string;
}

/** One question with its consequence said plainly, and two answers. */
export function ConfirmModal(props: ConfirmModalProps) {
  const { t } = useTranslation();
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <Stack>
        <Text size="md" component="div">
          {props.text}
        </Text>
        {props.children}
        {props.error !== undefined && props.error !== null && <ProblemAlert error={props.error} />}
        <Group justify="flex-end" gap="sm">
          <Button size="md" variant="default" onClick={props.onClose} data-testid={`${props.testId}-cancel`}>
            {t('cancel')}
          </Button>
          <Button
            size="md"
            color={props.danger === true ? 'red.9' : undefined}
            loading={props.pending}
            onClick={props.onConfirm}
            data-testid={`${props.testId}-confirm`}
          >
            {props.confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
