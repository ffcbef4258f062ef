import { Alert, Button, List, Stack, Text } from '@mantine/core';
import { IconCamera, IconQrcode } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { codeOf } from '../api/problem';
import { DeviceProblemView } from '../join/DeviceProblemView';
import type { DeviceProblem } from '../media/deviceProblem';
import { ProblemAlert } from '../shell/ProblemAlert';

interface PhoneStartProps {
  /** There is a code, or a token of before. */
  known: boolean;
  opening: boolean;
  problem: DeviceProblem | undefined;
  failure: unknown;
  onOpen: () => void;
}

/** Where to put the phone, and the one button. */
export function PhoneStart({ known, opening, problem, failure, onOpen }: PhoneStartProps) {
  const { t } = useTranslation('phone');
  if (!known || codeOf(failure) === 'token_invalid') {
    return (
      <Alert color="orange" icon={<IconQrcode aria-hidden />} title={t('noCode.title')} role="alert" data-testid="phone-no-code">
        <Text size="md">{t('noCode.text')}</Text>
      </Alert>
    );
  }
  return (
    <Stack gap="lg">
      <List size="md" spacing={8} type="ordered">
        <List.Item>{t('how.place')}</List.Item>
        <List.Item>{t('how.charge')}</List.Item>
        <List.Item>{t('how.open')}</List.Item>
      </List>
      {problem !== undefined && <DeviceProblemView problem={problem} onAgain={onOpen} />}
      {failure !== undefined && <ProblemAlert error={failure} />}
      {problem === undefined && (
        <Button size="xl" leftSection={<IconCamera aria-hidden />} loading={opening} onClick={onOpen} data-testid="phone-open">
          {t('open')}
        </Button>
      )}
      <Text size="sm" c="dimmed">
        {t('private')}
      </Text>
    </Stack>
  );
}
