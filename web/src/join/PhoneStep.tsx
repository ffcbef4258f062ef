import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { rememberAttempt } from './attempt';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { OtherForm } from './OtherForm';
import { PhoneCodeView } from './PhoneCodeView';
import { StepFrame } from './StepFrame';
import { useAfter } from './useAfter';

interface PhoneStepProps {
  attempt: Attempt;
  onPassed: () => void;
}

const readingMs = 2_500;
const lookMs = 2_000;
const patienceMs = 20_000;
const shown = {};

/** The phone is asked to be the second camera; passes by itself once the server sees its picture. Without one the proctor decides. */
export function PhoneStep({ attempt, onPassed }: PhoneStepProps) {
  const { t } = useTranslation('phone');
  const client = useQueryClient();
  useQuery({
    queryKey: ['phone-awaited', attempt.id],
    queryFn: async ({ signal }) => {
      const told = await api.attempt(attempt.id, signal);
      rememberAttempt(client, told);
      return told.phone ?? '';
    },
    refetchInterval: lookMs,
    gcTime: 0,
  });
  const live = attempt.phone === 'live';
  const seen = useAfter(readingMs, live ? shown : undefined);
  const slow = useAfter(patienceMs, shown);
  useEffect(() => {
    if (seen) onPassed();
  }, [seen, onPassed]);
  return (
    <StepFrame title={t('step.title')} lead={t('step.lead')} station="devices" testId="phone">
      {live ? (
        <Alert color="teal" icon={<IconCheck aria-hidden />} title={t('step.live')} role="status" data-testid="phone-live">
          <Text size="md">{t('step.liveText')}</Text>
        </Alert>
      ) : (
        <Stack className={classes.panel} gap="lg">
          <PhoneCodeView attemptId={attempt.id} />
        </Stack>
      )}
      <Group gap="md" align="center">
        <Button disabled={!live} onClick={onPassed} data-testid="phone-continue" w={{ base: '100%', sm: 'auto' }}>
          {live ? t('step.continue') : t('step.waiting')}
        </Button>
        {!live && slow && (
          <Anchor component="button" type="button" onClick={onPassed} data-testid="phone-without">
            {t('step.without')}
          </Anchor>
        )}
      </Group>
      {!live && slow && (
        <Text size="sm" c="dimmed">
          {t('step.withoutText')}
        </Text>
      )}
      <OtherForm attempt={attempt} />
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
