import { Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { StepFrame } from './StepFrame';
import { useAttemptAction } from './useAttemptAction';

/** Another form of the exam was chosen; it can be undone. */
export function DeclinedStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const back = useAttemptAction(() => api.returnToExam(attempt.id));
  return (
    <StepFrame title={t('declined.title')} lead={attempt.exam.title} testId="declined">
      <Stack className={classes.panel} align="flex-start">
        <Text>{t('declined.text')}</Text>
        <Text>{t('declined.undo')}</Text>
        {back.isError && <ProblemAlert error={back.error} />}
        <Button variant="light" maw="100%" loading={back.isPending} onClick={() => back.mutate()} data-testid="return">
          {t('declined.return')}
        </Button>
      </Stack>
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
