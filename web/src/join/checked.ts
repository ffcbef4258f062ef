import { useState } from 'react';

type Check = 'devices' | 'screen' | 'phone' | 'network';

const key = (check: Check, attemptId: string) => `ochno.${check}.${attemptId}`;

function stored(check: Check, attemptId: string): boolean {
  try {
    return window.sessionStorage.getItem(key(check, attemptId)) === 'ok';
  } catch {
    return false;
  }
}

/** Whether a check was passed in this tab, so that a reload does not ask for it twice. */
export function useChecked(check: Check, attemptId: string): [boolean, (checked: boolean) => void] {
  const [checked, setChecked] = useState(() => stored(check, attemptId));
  const set = (value: boolean) => {
    setChecked(value);
    try {
      if (value) window.sessionStorage.setItem(key(check, attemptId), 'ok');
      else window.sessionStorage.removeItem(key(check, attemptId));
    } catch {
      // Then it is asked again after a reload.
    }
  };
  return [checked, set];
}
