import { Alert, Stack, Text } from '@mantine/core';
import { IconShieldQuestion } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import { IdentificationControls } from './IdentificationControls';
import { IdentificationGuide } from './IdentificationGuide';
import { identificationView, type IdentificationView } from './identificationView';
import { toneOf, underWay } from './identificationTone';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { SelfView } from './SelfView';
import { StepFrame } from './StepFrame';

/** During the exam the student is asked to identify herself once more: face and digits, then the exam goes on. */
export function AgainStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { devices, publisher } = useLive();
  const { stream } = useStore(devices.state);
  const { identification, media } = useStore(publisher.state);
  // What an earlier identification came to is no part of this one.
  useEffect(() => publisher.clearIdentification(), [publisher]);
  const triesLeft = attempt.again?.triesLeft ?? 0;
  const view: IdentificationView =
    identification === undefined ? { kind: 'intro' } : identificationView({ ...attempt, triesLeft }, identification);
  const identify = useMutation({
    mutationFn: () => api.identify(attempt.id),
    onMutate: () => publisher.expectIdentification(),
    onError: () => publisher.clearIdentification(),
  });
  return (
    <StepFrame title={t('again.title')} bare={underWay(view)} testId="again">
      <LiveNotice />
      <Stack gap="md" data-testid="identification" data-phase={view.kind}>
        {view.kind === 'intro' ? (
          <Alert color="orange" icon={<IconShieldQuestion aria-hidden />} role="status">
            <Text size="md">{attempt.again?.cause === 'doubt' ? t('again.text') : t('again.asked')}</Text>
            <Text size="sm" c="dimmed" mt={6}>
              {t('again.time')}
            </Text>
          </Alert>
        ) : (
          <IdentificationGuide view={view} attempt={{ ...attempt, triesLeft }} />
        )}
        <SelfView stream={stream} oval={toneOf(view)} fit />
        {identify.isError && <ProblemAlert error={identify.error} />}
        <IdentificationControls
          view={view}
          triesLeft={triesLeft}
          ready={media === 'live' && !identify.isPending}
          onStart={() => identify.mutate()}
        />
      </Stack>
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
