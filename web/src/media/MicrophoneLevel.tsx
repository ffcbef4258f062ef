import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { voiceLevel, watchLevel } from './levelMeter';
import classes from './MicrophoneLevel.module.css';

interface MicrophoneLevelProps {
  stream: MediaStream;
  onHeard?: () => void;
}

/** A live bar of the loudness; tells once when a voice was heard. */
export function MicrophoneLevel({ stream, onHeard }: MicrophoneLevelProps) {
  const { t } = useTranslation('common');
  const bar = useRef<HTMLDivElement>(null);
  const heard = useRef(onHeard);
  useEffect(() => {
    heard.current = onHeard;
  }, [onHeard]);
  useEffect(() => {
    let loudBlocks = 0;
    return watchLevel(stream, (level) => {
      if (bar.current !== null) bar.current.style.transform = `scaleX(${level.toFixed(3)})`;
      if (level < voiceLevel) return;
      loudBlocks++;
      // A few blocks, so that a click of the connector does not pass for a voice.
      if (loudBlocks === 4) heard.current?.();
    });
  }, [stream]);
  return (
    <div className={classes.level} role="img" aria-label={t('microphoneLevel')} data-testid="microphone-level">
      <div ref={bar} className={classes.bar} />
    </div>
  );
}
