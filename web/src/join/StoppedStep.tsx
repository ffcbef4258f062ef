import { Button, Stack, Text } from '@mantine/core';
import { IconFolder } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Attempt } from '../api/types';
import classes from './Join.module.css';
import { StepFrame } from './StepFrame';

/** The exam was terminated or its time ran out: why, and where to turn. */
export function StoppedStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const terminated = attempt.state === 'terminated';
  const reasons: Record<string, string> = {
    rules: t('stopped.reasonRules'),
    stranger: t('stopped.reasonStranger'),
    request: t('stopped.reasonRequest'),
    technical: t('stopped.reasonTechnical'),
    identification_failed: t('stopped.reasonIdentity'),
    identity_failed: t('stopped.reasonIdentity'),
  };
  const reason = reasons[attempt.stateReason] ?? attempt.stateReason;
  return (
    <StepFrame
      title={terminated ? t('stopped.terminated') : t('stopped.expired')}
      lead={attempt.exam.title}
      testId="stopped"
    >
      <Stack className={classes.panel} gap="md">
        <Text>{terminated ? t('stopped.terminatedText') : t('stopped.expiredText')}</Text>
        {terminated && reason !== '' && (
          <Text data-testid="stop-reason" data-code={attempt.stateReason}>
            <Text span c="dimmed">
              {t('stopped.reason')}:
            </Text>{' '}
            {reason}
          </Text>
        )}
        <div>
          <Button component={Link} to="/my-file" variant="light" leftSection={<IconFolder aria-hidden />} data-testid="to-my-file">
            {t('myFile')}
          </Button>
        </div>
        {attempt.exam.contact !== '' && (
          <Text data-testid="contact">{t('stopped.wayOn', { contact: attempt.exam.contact })}</Text>
        )}
      </Stack>
    </StepFrame>
  );
}
