import { useState } from 'react';

const key = (attemptId: string) => `ochno.devices.${attemptId}`;

function stored(attemptId: string): boolean {
  try {
    return window.sessionStorage.getItem(key(attemptId)) === 'ok';
  } catch {
    return false;
  }
}

/**
 * Whether the camera and microphone were checked in this tab, so that a reload does not
 * ask for it twice.
 */
export function useDevicesChecked(attemptId: string): [boolean, (checked: boolean) => void] {
  const [checked, setChecked] = useState(() => stored(attemptId));
  const set = (value: boolean) => {
    setChecked(value);
    try {
      if (value) window.sessionStorage.setItem(key(attemptId), 'ok');
      else window.sessionStorage.removeItem(key(attemptId));
    } catch {
      // Then it is asked again after a reload.
    }
  };
  return [checked, set];
}
