import { useTranslation } from 'react-i18next';
import type { Browser, System } from '../media/browser';
import classes from './PermissionPicture.module.css';

/** Where the permission is buried: in a browser, or in the system's settings. */
export type Buried = Browser | `system-${System}`;

const glyphs = {
  /** Two sliders, as Chromium draws «site settings». */
  tune: 'M2 5h6m4 0h2M2 11h2m4 0h6M8 3v4M4 9v4',
  lock: 'M4 7h8v6H4zM6 7V5a2 2 0 0 1 4 0v2',
  blocked: 'M2 5h8v6H2zM10 7l4-2v6l-4-2M1 1l14 14',
  letters: 'M1 12 4 4l3 8M2 9h4M9 12l3-8 3 8M10 9h4',
} as const;

const glyphOf: Record<Browser, keyof typeof glyphs> = {
  chrome: 'tune',
  edge: 'lock',
  yandex: 'lock',
  firefox: 'blocked',
  safari: 'lock',
  ios: 'letters',
  other: 'lock',
};

function Row({ y, label }: { y: number; label: string }) {
  return (
    <>
      <text x={20} y={y + 5} className={classes.label}>
        {label}
      </text>
      <rect x={140} y={y - 8} width={30} height={16} rx={8} className={classes.on} />
      <circle cx={162} cy={y} r={6} className={classes.knob} />
    </>
  );
}

/** The two switches that are to be on. */
function Switches({ x, y }: { x: number; y: number }) {
  const { t } = useTranslation('join');
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect x={6} y={0} width={182} height={66} rx={10} className={classes.popup} />
      <Row y={20} label={t('devices.camera')} />
      <Row y={46} label={t('devices.microphone')} />
    </g>
  );
}

/** A drawing of where to click; the words beside it say the same, so a reader passes it over. */
export function PermissionPicture({ buried }: { buried: Buried }) {
  if (buried.startsWith('system-')) {
    return (
      <svg viewBox="0 0 340 150" className={classes.picture} aria-hidden data-testid="permission-picture" data-where={buried}>
        <rect x={1} y={1} width={338} height={148} rx={12} className={classes.window} />
        <rect x={1} y={1} width={110} height={148} rx={12} className={classes.side} />
        {[28, 52, 76, 100, 124].map((y) => (
          <rect key={y} x={18} y={y - 5} width={y === 76 ? 78 : 62} height={10} rx={5} className={y === 76 ? classes.chosen : classes.line} />
        ))}
        <Switches x={128} y={42} />
        <rect x={256} y={46} width={54} height={58} rx={14} className={classes.ring} />
      </svg>
    );
  }
  const browser = buried as Browser;
  const below = browser === 'ios';
  const bar = below ? 104 : 14;
  return (
    <svg viewBox="0 0 340 150" className={classes.picture} aria-hidden data-testid="permission-picture" data-where={buried}>
      <rect x={1} y={1} width={338} height={148} rx={12} className={classes.window} />
      <rect x={14} y={bar} width={312} height={32} rx={16} className={classes.bar} />
      <path d={glyphs[glyphOf[browser]]} transform={`translate(26 ${bar + 8})`} className={classes.glyph} />
      <rect x={54} y={bar + 11} width={150} height={10} rx={5} className={classes.line} />
      <circle cx={34} cy={bar + 16} r={15} className={classes.ring} />
      <Switches x={18} y={below ? 22 : 62} />
    </svg>
  );
}
