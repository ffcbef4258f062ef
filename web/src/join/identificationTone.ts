import type { IdentificationView } from './identificationView';
import type { Tone } from './SelfView';

/** How the frame around the self-view looks. */
export function toneOf(view: IdentificationView): Tone {
  switch (view.kind) {
    case 'looking':
      return view.hint === undefined || view.hint === 'hold_still' ? 'busy' : 'warn';
    case 'challenge':
    case 'away':
    case 'verifying':
      return 'busy';
    case 'matched':
      return 'good';
    case 'failed':
      return 'bad';
    case 'waiting':
    case 'outage':
    case 'intro':
      return 'idle';
  }
}

/** The server is at work, and the student with it. */
export function underWay(view: IdentificationView): boolean {
  return ['looking', 'challenge', 'away', 'verifying'].includes(view.kind);
}
