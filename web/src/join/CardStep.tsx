import { Card, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ExamCard, Session } from '../api/types';
import { ExamCardView } from './ExamCardView';
import { JoinBox } from './JoinBox';
import { SignInBox } from './SignInBox';
import { StepFrame } from './StepFrame';

interface CardStepProps {
  card: ExamCard;
  session: Session;
}

/** What the exam is, and the way in. */
export function CardStep({ card, session }: CardStepProps) {
  const { t } = useTranslation('join');
  return (
    <StepFrame title={card.title} lead={card.organisation.name} station="card" testId="card">
      <Card data-testid="exam-card" aria-label={t('steps.card')}>
        <Stack gap="xl">
          <ExamCardView card={card} />
          {session.person === undefined ? (
            <SignInBox code={card.code} />
          ) : (
            <JoinBox card={card} person={session.person} />
          )}
        </Stack>
      </Card>
    </StepFrame>
  );
}
