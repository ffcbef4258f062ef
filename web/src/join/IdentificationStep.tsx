import { Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { ApiError } from '../api/problem';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { useStore } from '../rtc/useStore';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ContactLine } from './ContactLine';
import { IdentificationControls } from './IdentificationControls';
import { IdentificationGuide } from './IdentificationGuide';
import { identificationView } from './identificationView';
import { toneOf, underWay } from './identificationTone';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { OtherForm } from './OtherForm';
import { SelfView } from './SelfView';
import { SpokenSwitch } from './SpokenSwitch';
import { StepFrame } from './StepFrame';
import { useSpoken, useSpokenChoice } from './useSpoken';

/** Face and voice: one instruction at a time above the self-view, so that eyes stay near the camera. */
export function IdentificationStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { devices, publisher } = useLive();
  const { stream } = useStore(devices.state);
  const { identification, problem, media } = useStore(publisher.state);
  const view = identificationView(attempt, identification);
  const { pick } = useFormat();
  const spoken = useSpokenChoice();
  // Only while nothing is listened to: the digits are said by her, not by the loudspeaker.
  useSpoken(
    view.kind === 'looking'
      ? t(view.hint === undefined ? 'identification.looking' : `hint.${view.hint}`)
      : view.kind === 'failed'
        ? pick(view.identification.message)
        : undefined,
    spoken.on === true,
  );
  const identify = useMutation({
    mutationFn: () => api.identify(attempt.id),
    onMutate: () => publisher.expectIdentification(),
    onError: () => publisher.clearIdentification(),
  });
  return (
    <StepFrame title={t('identification.title')} station="identification" bare={underWay(view)} testId="identification">
      <LiveNotice />
      <Stack gap="md" data-testid="identification" data-phase={view.kind}>
        <IdentificationGuide view={view} attempt={attempt} />
        <SelfView stream={stream} oval={toneOf(view)} fit />
        {identify.isError && <ProblemAlert error={identify.error} />}
        {problem !== undefined && <ProblemAlert error={new ApiError(problem.code, problem.status, problem)} />}
        <IdentificationControls
          view={view}
          triesLeft={attempt.triesLeft}
          ready={media === 'live' && !identify.isPending}
          onStart={() => identify.mutate()}
        />
      </Stack>
      {!underWay(view) && <SpokenSwitch spoken={spoken} digits={attempt.voice} />}
      {attempt.state === 'ready' && !underWay(view) && <OtherForm attempt={attempt} />}
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
