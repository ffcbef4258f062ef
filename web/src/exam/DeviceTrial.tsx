import { Alert, Button, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconHandClick } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckRow } from '../join/CheckRow';
import { DeviceProblemView } from '../join/DeviceProblemView';
import { MicrophoneLevel } from '../media/MicrophoneLevel';
import { SelfView } from '../join/SelfView';
import { brightnessOf } from '../media/brightness';
import { Devices } from '../media/devices';
import { useStore } from '../rtc/useStore';
import classes from './Exam.module.css';

interface DeviceTrialProps {
  again: boolean;
  /** Nobody need speak: her accommodation. */
  spared: boolean;
  onTried: (camera: boolean, microphone: boolean) => void;
}

/** Camera and microphone tried here and now; nothing leaves the browser but that they work. */
export function DeviceTrial({ again, spared, onTried }: DeviceTrialProps) {
  const { t } = useTranslation(['exam', 'join']);
  const [devices] = useState(() => new Devices());
  const { phase, stream, problem } = useStore(devices.state);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [pictureOf, setPictureOf] = useState<MediaStream>();
  const [voiceOf, setVoiceOf] = useState<MediaStream>();
  const picture = stream !== undefined && pictureOf === stream;
  const voice = stream !== undefined && (spared || voiceOf === stream);
  const told = useRef(onTried);
  useEffect(() => {
    told.current = onTried;
  }, [onTried]);
  useEffect(() => () => devices.close(), [devices]);
  useEffect(() => {
    if (video === null || stream === undefined || picture) return undefined;
    const timer = setInterval(() => {
      if (brightnessOf(video) !== undefined) setPictureOf(stream);
    }, 200);
    return () => clearInterval(timer);
  }, [video, stream, picture]);
  useEffect(() => {
    if (picture && voice) told.current(true, true);
  }, [picture, voice]);
  useEffect(() => {
    if (problem !== undefined) told.current(false, false);
  }, [problem]);
  return (
    <Stack gap="md" align="stretch">
      {phase === 'closed' && (
        <Button
          variant={again ? 'default' : 'filled'}
          size="md"
          classNames={{ root: classes.wrap, label: classes.wrapLabel }}
          onClick={() => void devices.open()}
          data-testid="trial-start"
        >
          {again ? t('ready.devicesAgain') : t('ready.devicesTry')}
        </Button>
      )}
      {phase === 'asking' && (
        <Alert icon={<IconHandClick aria-hidden />} title={t('join:devices.askTitle')} role="status">
          <Text size="md">{t('join:devices.ask')}</Text>
        </Alert>
      )}
      {problem !== undefined && <DeviceProblemView problem={problem} onAgain={() => void devices.open()} />}
      {stream !== undefined && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <SelfView stream={stream} onElement={setVideo} />
          <Stack gap="md">
            <CheckRow
              label={t('join:devices.camera')}
              state={picture ? 'ok' : 'wait'}
              text={picture ? t('join:devices.cameraOk') : t('join:devices.cameraWait')}
              testId="trial-camera"
            />
            <CheckRow
              label={t('join:devices.microphone')}
              state={voice ? 'ok' : 'wait'}
              text={spared ? t('join:devices.microphoneSpared') : voice ? t('join:devices.microphoneOk') : t('join:devices.microphoneWait')}
              testId="trial-microphone"
            >
              <MicrophoneLevel stream={stream} onHeard={() => setVoiceOf(stream)} />
            </CheckRow>
            <Button variant="default" size="md" onClick={() => devices.close()} data-testid="trial-stop">
              {t('ready.devicesStop')}
            </Button>
          </Stack>
        </SimpleGrid>
      )}
    </Stack>
  );
}
