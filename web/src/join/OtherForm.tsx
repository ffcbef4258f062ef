import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { DeclineModal } from './DeclineModal';

/** The way to another form of the exam, open until the student is identified. */
export function OtherForm({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Anchor component="button" type="button" onClick={() => setAsked(true)} data-testid="decline" ta="center">
        {t('consent.decline')}
      </Anchor>
      <DeclineModal attempt={attempt} opened={asked} onClose={() => setAsked(false)} />
    </>
  );
}
