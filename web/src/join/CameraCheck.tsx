import { Select } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { brightnessOf } from '../media/brightness';
import { useStore } from '../rtc/useStore';
import { CheckRow } from './CheckRow';
import { useLive } from './live';

interface CameraCheckProps {
  video: HTMLVideoElement | null;
  seen: boolean;
  onSeen: () => void;
}

/** Below this mean luminance a picture shows next to nothing. */
const darkBelow = 24;

/** Looks once a second whether the self-view has frames and whether they are not dark. */
export function CameraCheck({ video, seen, onSeen }: CameraCheckProps) {
  const { t } = useTranslation('join');
  const { devices } = useLive();
  const { cameras, cameraId } = useStore(devices.state);
  const [dark, setDark] = useState(false);
  useEffect(() => {
    if (video === null) return undefined;
    const look = () => {
      const brightness = brightnessOf(video);
      if (brightness === undefined) return;
      setDark(brightness < darkBelow);
      onSeen();
    };
    const timer = setInterval(look, seen ? 1_000 : 200);
    return () => clearInterval(timer);
  }, [video, seen, onSeen]);
  const state = !seen ? 'wait' : dark ? 'warn' : 'ok';
  const text = { wait: t('devices.cameraWait'), ok: t('devices.cameraOk'), warn: t('devices.cameraDark') }[state];
  return (
    <CheckRow label={t('devices.camera')} state={state} text={text} testId="camera-check">
      {cameras.length > 1 && (
        <Select
          mt="xs"
          aria-label={t('devices.chooseCamera')}
          allowDeselect={false}
          data={cameras.map(({ id, label }, index) => ({
            value: id,
            label: label === '' ? t('devices.unnamed', { number: index + 1 }) : label,
          }))}
          value={cameraId ?? null}
          onChange={(id) => id !== null && devices.chooseCamera(id)}
        />
      )}
    </CheckRow>
  );
}
