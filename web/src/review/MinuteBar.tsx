import { useTranslation } from 'react-i18next';
import { clock } from '../i18n/clock';
import type { MinuteLook } from './axis';
import classes from './Review.module.css';

interface MinuteBarProps {
  minutes: MinuteLook[];
  durationMs: number;
  positionMs: number;
  onSeek: (ms: number) => void;
}

/** The whole recording, a coloured piece a minute; a click goes there, the arrows go on from here. */
export function MinuteBar({ minutes, durationMs, positionMs, onSeek }: MinuteBarProps) {
  const { t } = useTranslation('review');
  const step = (ms: number) => onSeek(Math.min(durationMs, Math.max(0, positionMs + ms)));
  return (
    <div
      className={classes.minutes}
      role="slider"
      tabIndex={0}
      aria-label={t('bar.label')}
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs / 1000)}
      aria-valuenow={Math.round(positionMs / 1000)}
      aria-valuetext={t('bar.value', { at: clock(positionMs), of: clock(durationMs) })}
      data-testid="minute-bar"
      onPointerDown={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onSeek(((event.clientX - box.left) / box.width) * durationMs);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Home') step(-positionMs);
        else if (event.key === 'End') step(durationMs);
        else return;
        event.preventDefault();
      }}
    >
      {minutes.map((look, index) => (
        <span
          key={index}
          className={classes.minute}
          data-look={look}
          title={`${clock(index * 60_000)} · ${t(`bar.look.${look}`)}`}
          style={{ flexGrow: Math.max(1, Math.min(60_000, durationMs - index * 60_000)) }}
        />
      ))}
      <span className={classes.cursor} style={{ left: `${Math.min(100, (100 * positionMs) / Math.max(1, durationMs))}%` }} aria-hidden />
    </div>
  );
}
