import { useEffect, useRef } from 'react';
import type { Levels } from '../rtc/levels';
import classes from './Wall.module.css';

/** How loud a student is; it paints itself, without rendering anything. */
export function LevelMeter({ levels, attemptId }: { levels: Levels; attemptId: string }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      levels.listen(attemptId, (level) => {
        const element = bar.current;
        if (element === null) return;
        element.style.transform = `scaleY(${level.toFixed(2)})`;
        element.dataset.level = level.toFixed(2);
      }),
    [levels, attemptId],
  );
  return (
    <span className={classes.meter} aria-hidden>
      <span ref={bar} className={classes.meterBar} data-testid={`level-${attemptId}`} />
    </span>
  );
}
