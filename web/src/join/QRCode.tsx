import classes from './Join.module.css';

/** A QR code of rows of 1 (dark) and 0; black on white in every colour scheme, as cameras want it. */
export function QRCode({ modules, label }: { modules: string[]; label: string }) {
  const path = modules
    .flatMap((row, y) => [...row.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`))
    .join('');
  return (
    <svg viewBox={`0 0 ${modules.length} ${modules.length}`} className={classes.qr} role="img" aria-label={label} shapeRendering="crispEdges" data-testid="phone-qr">
      <rect width="100%" height="100%" fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
