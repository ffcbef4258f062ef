import { Select, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { CheckRow } from './CheckRow';
import { useLive } from './live';
import { MicrophoneLevel } from '../media/MicrophoneLevel';

interface MicrophoneCheckProps {
  stream: MediaStream;
  heard: boolean;
  /** Nothing was heard for a while. */
  silent: boolean;
  onHeard: () => void;
}

/** Shows the live level and waits for a voice. */
export function MicrophoneCheck({ stream, heard, silent, onHeard }: MicrophoneCheckProps) {
  const { t } = useTranslation('join');
  const { devices } = useLive();
  const { microphones, microphoneId } = useStore(devices.state);
  const state = heard ? 'ok' : silent ? 'warn' : 'wait';
  const text = {
    ok: t('devices.microphoneOk'),
    warn: t('devices.microphoneSilent'),
    wait: t('devices.microphoneWait'),
  }[state];
  return (
    <CheckRow label={t('devices.microphone')} state={state} text={text} testId="microphone-check">
      <Stack gap="xs" mt="xs">
        <MicrophoneLevel stream={stream} onHeard={onHeard} />
        {microphones.length > 1 && (
          <Select
            aria-label={t('devices.chooseMicrophone')}
            allowDeselect={false}
            data={microphones.map(({ id, label }, index) => ({
              value: id,
              label: label === '' ? t('devices.unnamed', { number: index + 1 }) : label,
            }))}
            value={microphoneId ?? null}
            onChange={(id) => id !== null && devices.chooseMicrophone(id)}
          />
        )}
      </Stack>
    </CheckRow>
  );
}
