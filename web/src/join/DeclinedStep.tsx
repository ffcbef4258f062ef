import { Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';

/** Another form of the exam was chosen; it can be undone. */
export function DeclinedStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation(['join', 'common']);
  const back = useAttemptAction(() => api.returnToExam(attempt.id));
  const withdrawn = attempt.stateReason === 'consent_withdrawn';
  return (
    <StepFrame title={withdrawn ? t('declined.withdrawnTitle') : t('declined.title')} lead={attempt.exam.title} testId="declined">
      <Stack className={classes.panel} align="flex-start">
        <Text>{withdrawn ? t('declined.withdrawnText') : t('declined.text')}</Text>
        {withdrawn && <Text data-testid="erased">{t('declined.withdrawnErased')}</Text>}
        <Text>{withdrawn ? t('declined.withdrawnUndo') : t('declined.undo')}</Text>
        {back.isError && <ProblemAlert error={back.error} />}
        <Button variant="light" maw="100%" loading={back.isPending} onClick={() => back.mutate()} data-testid="return">
          {t('declined.return')}
        </Button>
        {withdrawn && (
          <Button component={Link} to="/consents" variant="subtle" px={0}>
            {t('common:header.consents')}
          </Button>
        )}
      </Stack>
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
