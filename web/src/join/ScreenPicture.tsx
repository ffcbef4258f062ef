import { useTranslation } from 'react-i18next';
import classes from './PermissionPicture.module.css';

/** A drawing of the browser's dialog: which tab to open, what to click; the words beside it say the same, so a reader passes it over. */
export function ScreenPicture() {
  const { t } = useTranslation('screen');
  return (
    <svg viewBox="0 0 340 150" className={classes.picture} aria-hidden data-testid="screen-picture">
      <rect x={1} y={1} width={338} height={148} rx={12} className={classes.window} />
      <rect x={18} y={22} width={62} height={8} rx={4} className={classes.line} />
      <rect x={104} y={22} width={62} height={8} rx={4} className={classes.line} />
      <text x={200} y={31} className={classes.label}>
        {t('whole')}
      </text>
      <rect x={188} y={12} width={136} height={28} rx={14} className={classes.ring} />
      <rect x={106} y={52} width={128} height={62} rx={8} className={classes.popup} />
      <rect x={118} y={63} width={104} height={34} rx={3} className={classes.bar} />
      <rect x={146} y={102} width={48} height={6} rx={3} className={classes.line} />
      <rect x={262} y={122} width={62} height={18} rx={9} className={classes.on} />
    </svg>
  );
}
