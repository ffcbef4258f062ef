import classes from './Header.module.css';

/** The oval of the self-view, which is what this service is about. */
export function BrandMark() {
  return (
    <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden className={classes.mark}>
      <rect width="32" height="32" rx="9" />
      <ellipse cx="16" cy="16" rx="7.4" ry="9.4" />
      <circle cx="16" cy="16" r="2.6" />
    </svg>
  );
}
