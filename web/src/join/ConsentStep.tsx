import { Anchor, Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import { DeclineModal } from './DeclineModal';
import classes from './Join.module.css';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';

/** The consent in full, to be granted, or another form of the exam. */
export function ConsentStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { text } = attempt.consent;
  const [agreed, setAgreed] = useState(false);
  const [declining, setDeclining] = useState(false);
  const grant = useAttemptAction(() => api.grantConsent(attempt.id, text.id, text.sha256));
  const paragraphs = text.body.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  return (
    <StepFrame title={t('consent.title')} lead={text.title} station="consent" testId="consent">
      <div
        className={classes.consentText}
        data-testid="consent-text"
        role="region"
        aria-label={text.title}
        // A long text scrolls, and the keyboard has to reach it.
        tabIndex={0}
      >
        {paragraphs.map((paragraph, index) => (
          <p key={index}>{paragraph}</p>
        ))}
      </div>
      <Stack gap={2}>
        <Text size="sm" c="dimmed">
          {t('consent.version', { version: text.version })}
        </Text>
        <Text size="xs" c="dimmed" className={classes.hash}>
          {t('consent.hash')}: {text.sha256}
        </Text>
      </Stack>
      <Checkbox
        label={t('consent.check')}
        checked={agreed}
        onChange={(event) => setAgreed(event.currentTarget.checked)}
        data-testid="consent-check"
      />
      {grant.isError && (
        <ProblemAlert error={grant.error}>
          <ContactLine contact={attempt.exam.contact} />
        </ProblemAlert>
      )}
      <Group gap="md">
        <Button
          disabled={!agreed}
          loading={grant.isPending}
          onClick={() => grant.mutate()}
          data-testid="consent-grant"
          fullWidth
        >
          {t('consent.grant')}
        </Button>
        {!agreed && (
          <Text size="sm" c="dimmed">
            {t('consent.checkFirst')}
          </Text>
        )}
      </Group>
      <Anchor component="button" type="button" onClick={() => setDeclining(true)} data-testid="decline" ta="center">
        {t('consent.decline')}
      </Anchor>
      <DeclineModal attempt={attempt} opened={declining} onClose={() => setDeclining(false)} />
    </StepFrame>
  );
}
