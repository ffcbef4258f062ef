import { problemOf, type DeviceProblem } from '../media/deviceProblem';

/** Which of a phone's cameras: the one on its back, or the one above its screen. */
export type Facing = 'environment' | 'user';

/** Opens one of the phone's cameras, without a microphone. */
export async function openCamera(facing: Facing): Promise<MediaStream> {
  const media = (navigator as { mediaDevices?: Partial<MediaDevices> }).mediaDevices;
  if (media?.getUserMedia === undefined) throw new TypeError('no cameras');
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: { ideal: facing }, width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 12, max: 15 } },
    audio: false,
  });
}

/** Names the problem behind an error of openCamera. */
export function cameraProblem(error: unknown): DeviceProblem {
  if (error instanceof TypeError && !window.isSecureContext) return 'insecure';
  return problemOf(error, { cameras: 0, microphones: 1 });
}
