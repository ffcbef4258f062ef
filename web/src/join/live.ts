import { createContext, useContext } from 'react';
import { Devices } from '../media/devices';
import { Screen } from '../media/screen';
import { createPublisher } from '../rtc/browser';
import type { Publisher } from '../rtc/publisher';

/** The camera, the microphone, the screen and the connection of one attempt, alive across the steps. */
export interface Live {
  devices: Devices;
  screen: Screen;
  publisher: Publisher;
}

export function createLive(attemptId: string): Live {
  const screen = new Screen();
  const publisher = createPublisher(attemptId);
  // Both end together with the attempt's page, so nobody unsubscribes.
  screen.state.subscribe(() => publisher.share(screen.state.get().stream));
  return { devices: new Devices(), screen, publisher };
}

export const LiveContext = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error('useLive outside of an attempt');
  return live;
}
