import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconHandClick } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { CameraCheck } from './CameraCheck';
import { ContactLine } from './ContactLine';
import { DeviceProblemView } from './DeviceProblemView';
import classes from './Join.module.css';
import { useLive } from './live';
import { MicrophoneCheck } from './MicrophoneCheck';
import { OtherForm } from './OtherForm';
import { SelfView } from './SelfView';
import { StepFrame } from './StepFrame';
import { useAfter } from './useAfter';

interface DevicesStepProps {
  attempt: Attempt;
  onChecked: () => void;
}

const silenceBeforeHelpMs = 10_000;

/** The camera and microphone check; the button comes alive when both work. */
export function DevicesStep({ attempt, onChecked }: DevicesStepProps) {
  const { t } = useTranslation('join');
  const { devices } = useLive();
  const { phase, stream, problem } = useStore(devices.state);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  // Each is remembered for the stream it was seen on: another device is checked anew.
  const [pictureOf, setPictureOf] = useState<MediaStream>();
  const [voiceOf, setVoiceOf] = useState<MediaStream>();
  const picture = stream !== undefined && pictureOf === stream;
  const voice = stream !== undefined && voiceOf === stream;
  const spared = attempt.exam.accommodation?.noVoice === true;
  const silent = useAfter(silenceBeforeHelpMs, stream) && !voice && !spared;
  return (
    <StepFrame title={t('devices.title')} station="devices" wide testId="devices">
      {problem !== undefined && <DeviceProblemView problem={problem} onAgain={() => void devices.open()} />}
      {phase === 'asking' && (
        <Alert icon={<IconHandClick aria-hidden />} title={t('devices.askTitle')} role="status">
          <Text size="md">{t('devices.ask')}</Text>
        </Alert>
      )}
      {stream !== undefined && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          <SelfView stream={stream} onElement={setVideo} />
          <Stack className={classes.panel} gap="lg">
            <CameraCheck video={video} seen={picture} onSeen={() => setPictureOf(stream)} />
            <MicrophoneCheck stream={stream} heard={voice} spared={spared} silent={silent} onHeard={() => setVoiceOf(stream)} />
          </Stack>
        </SimpleGrid>
      )}
      <Group gap="md" align="center">
        <Button disabled={!picture || (!voice && !spared)} onClick={onChecked} data-testid="device-continue" w={{ base: '100%', sm: 240 }}>
          {t('devices.continue')}
        </Button>
        {picture && silent && (
          <Anchor component="button" type="button" onClick={onChecked} data-testid="device-continue-anyway">
            {t('devices.continueAnyway')}
          </Anchor>
        )}
      </Group>
      <OtherForm attempt={attempt} />
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
