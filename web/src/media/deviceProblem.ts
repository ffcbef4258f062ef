/** Why the camera or microphone cannot be used, as far as a person can do something about it. */
export type DeviceProblem =
  | 'denied'
  | 'denied_system'
  | 'no_camera'
  | 'no_microphone'
  | 'busy'
  | 'unplugged'
  | 'insecure'
  | 'unsupported'
  | 'unknown';

/** What the machine has, to tell which of the two devices is missing. */
export interface DeviceCount {
  cameras: number;
  microphones: number;
}

/** Names the problem behind an error of getUserMedia. Browsers differ in names, not in meaning. */
export function problemOf(error: unknown, devices: DeviceCount): DeviceProblem {
  if (!(error instanceof Error)) return 'unknown';
  switch (error.name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      // Chrome says «Permission denied by system» when the operating system forbids it.
      return /system/i.test(error.message) ? 'denied_system' : 'denied';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return devices.cameras === 0 ? 'no_camera' : devices.microphones === 0 ? 'no_microphone' : 'unknown';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'busy';
    case 'TypeError':
      return 'unsupported';
    default:
      return 'unknown';
  }
}
