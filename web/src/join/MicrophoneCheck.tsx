import { Select, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { CheckRow } from './CheckRow';
import { useLive } from './live';
import { MicrophoneLevel } from '../media/MicrophoneLevel';

interface MicrophoneCheckProps {
  stream: MediaStream;
  heard: boolean;
  /** Nobody need speak: her accommodation. */
  spared: boolean;
  /** Nothing was heard for a while. */
  silent: boolean;
  onHeard: () => void;
}

/** Shows the live level and waits for a voice. */
export function MicrophoneCheck({ stream, heard, spared, silent, onHeard }: MicrophoneCheckProps) {
  const { t } = useTranslation('join');
  const { devices } = useLive();
  const { microphones, microphoneId } = useStore(devices.state);
  const state = heard || spared ? 'ok' : silent ? 'warn' : 'wait';
  const text = {
    ok: spared ? t('devices.microphoneSpared') : t('devices.microphoneOk'),
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
