import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { ConsentTextBox } from '../consent/ConsentTextBox';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import { OtherForm } from './OtherForm';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';

/** The consent in full, to be granted, or another form of the exam. */
export function ConsentStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { text } = attempt.consent;
  const [agreed, setAgreed] = useState(false);
  const [reminded, setReminded] = useState(false);
  const grant = useAttemptAction(() => api.grantConsent(attempt.id, text.id, text.sha256));
  return (
    <StepFrame title={text.title} lead={t('consent.version', { version: text.version })} station="consent" testId="consent">
      <ConsentTextBox text={text} />
      <Checkbox
        label={t('consent.check')}
        checked={agreed}
        error={reminded && !agreed ? t('consent.checkFirst') : undefined}
        onChange={(event) => setAgreed(event.currentTarget.checked)}
        data-testid="consent-check"
      />
      {grant.isError && (
        <ProblemAlert error={grant.error}>
          <ContactLine contact={attempt.exam.contact} />
        </ProblemAlert>
      )}
      <Button
        size="xl"
        loading={grant.isPending}
        onClick={() => {
          setReminded(true);
          if (agreed) grant.mutate();
        }}
        data-testid="consent-grant"
      >
        {t('consent.grant')}
      </Button>
      <OtherForm attempt={attempt} />
    </StepFrame>
  );
}
