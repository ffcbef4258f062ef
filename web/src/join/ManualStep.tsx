import { Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { ContactLine } from './ContactLine';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { SelfView } from './SelfView';
import { StepFrame } from './StepFrame';

/** Two members of staff check the student by the document. */
export function ManualStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { stream } = useStore(useLive().devices.state);
  return (
    <StepFrame title={t('manual.title')} lead={t('manual.text')} station="identification" testId="manual">
      <Stack>
        <LiveNotice />
        <SelfView stream={stream} />
        <ContactLine contact={attempt.exam.contact} />
      </Stack>
    </StepFrame>
  );
}
