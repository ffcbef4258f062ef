const storageKey = 'ochno.contrast';

/** Whether high contrast was chosen here, or else is what the system asks for. */
export function contrastChosen(): boolean {
  try {
    const stored = window.localStorage.getItem(storageKey);
    if (stored !== null) return stored === 'high';
  } catch {
    // Storage may be forbidden: the system's wish counts.
  }
  return window.matchMedia('(prefers-contrast: more)').matches;
}

/** Shows the page as it was chosen; the style sheet knows the mark. */
export function applyContrast(high: boolean): void {
  document.documentElement.dataset.contrast = high ? 'high' : 'normal';
}

export function chooseContrast(high: boolean): void {
  applyContrast(high);
  try {
    window.localStorage.setItem(storageKey, high ? 'high' : 'normal');
  } catch {
    // The choice then lasts as long as the page.
  }
}
