import type { Attempt } from '../api/types';

/** The screens of the student's way after the exam card. */
export type Step =
  | 'consent'
  | 'declined'
  | 'devices'
  | 'screen'
  | 'phone'
  | 'connection'
  | 'identification'
  | 'manual'
  | 'admitted'
  | 'again'
  | 'exam'
  | 'receipt'
  | 'stopped';

/** What this page itself knows; all the rest comes from the attempt. */
export interface LocalProgress {
  /** The camera and microphone were checked on this device. */
  devicesChecked: boolean;
  /** The screen is shared, was shared since the page was opened, or she goes on without; true where the exam does not ask for it. */
  screenPassed: boolean;
  /** The same of the phone as a second camera. */
  phonePassed: boolean;
  /** The server has had picture and sound since the page was opened, and the way there was measured in this tab. */
  connected: boolean;
}

/** During the exam she is asked for face and digits once more, and may still try. */
function mustIdentifyAgain({ state, again }: Attempt): boolean {
  const sitting = state === 'admitted' || state === 'in_progress' || state === 'paused';
  return sitting && again?.demandedAt !== undefined && again.triesLeft > 0;
}

/** Where the student is. It follows from the attempt's state, so a reload resumes there. */
export function stepOf(attempt: Attempt, local: LocalProgress): Step {
  if (mustIdentifyAgain(attempt)) return 'again';
  switch (attempt.state) {
    case 'registered':
      return 'consent';
    case 'declined':
      return 'declined';
    case 'ready':
    case 'identifying':
    case 'identified':
      if (!local.devicesChecked) return 'devices';
      if (!local.screenPassed) return 'screen';
      if (!local.phonePassed) return 'phone';
      return local.connected ? 'identification' : 'connection';
    case 'manual_identification':
      return 'manual';
    case 'admitted':
      return 'admitted';
    case 'in_progress':
    case 'paused':
      return 'exam';
    case 'finished':
    case 'reviewed':
      return 'receipt';
    case 'terminated':
    case 'expired':
      return 'stopped';
  }
}

/** Whether the camera and the connection are wanted on a screen. */
export function needsLive(step: Step): boolean {
  return ['connection', 'identification', 'manual', 'admitted', 'again', 'exam'].includes(step);
}

/** The numbered stations shown to the student; side exits have none. */
export const stations = ['card', 'consent', 'devices', 'connection', 'identification', 'admitted'] as const;
export type Station = (typeof stations)[number];

export function stationOf(step: Step): Station | undefined {
  return stations.find((station) => station === step);
}
