import { useEffect, useState } from 'react';
import { Speaker } from '../rtc/speaker';
import type { TalkTo, Viewer } from '../rtc/viewer';
import { useKeysOn } from './keysOn';

const openMicrophone = () => {
  const media = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
  // A page without a secure address has no devices at all.
  if (media === undefined) return Promise.reject(new TypeError('no media devices'));
  return media.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
};

/** The proctor's microphone, as long as the room is open. */
export function useSpeaker(viewer: Viewer): Speaker {
  const [speaker] = useState(() => new Speaker(viewer, openMicrophone));
  useEffect(() => speaker.attach(), [speaker]);
  return speaker;
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** While V is held the student who is large hears the proctor; with Shift everybody does. The place of the key counts, not the layout. */
export function useHoldToSpeak(speaker: Speaker, attemptId: string | undefined): void {
  const { on } = useKeysOn();
  useEffect(() => {
    if (!on) return undefined;
    let held = false;
    const down = (event: KeyboardEvent) => {
      if (event.code !== 'KeyV' || event.repeat || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
      if (document.querySelector('[role="dialog"]') !== null || speaker.state.get().to !== undefined) return;
      const to: TalkTo | undefined = event.shiftKey ? 'all' : attemptId === undefined ? undefined : { attempt: attemptId };
      if (to === undefined) return;
      held = true;
      void speaker.begin(to);
    };
    const release = () => {
      if (!held) return;
      held = false;
      speaker.end();
    };
    const up = (event: KeyboardEvent) => event.code === 'KeyV' && release();
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    // A key that is let go in another window is never told here.
    window.addEventListener('blur', release);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', release);
      release();
    };
  }, [on, speaker, attemptId]);
}
