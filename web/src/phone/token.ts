const key = 'ochno.phone';

/** The code behind the # of the link; empty: none. */
export const codeInAddress = (): string => window.location.hash.replace(/^#/, '');

/** Takes the code out of the address, so that nobody who looks at the phone later finds it there. */
export function forgetAddress(): void {
  if (window.location.hash !== '') window.history.replaceState(window.history.state, '', window.location.pathname);
}

/** The token of this tab, after a reload too; empty: none. */
export function storedToken(): string {
  try {
    return window.sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

export function storeToken(token: string): void {
  try {
    window.sessionStorage.setItem(key, token);
  } catch {
    // Then a reload needs a new code.
  }
}
