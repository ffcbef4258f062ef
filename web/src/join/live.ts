import { createContext, useContext } from 'react';
import { Devices } from '../media/devices';
import { createPublisher } from '../rtc/browser';
import type { Publisher } from '../rtc/publisher';

/** The camera, the microphone and the connection of one attempt, alive across the steps. */
export interface Live {
  devices: Devices;
  publisher: Publisher;
}

export function createLive(attemptId: string): Live {
  return { devices: new Devices(), publisher: createPublisher(attemptId) };
}

export const LiveContext = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error('useLive outside of an attempt');
  return live;
}
