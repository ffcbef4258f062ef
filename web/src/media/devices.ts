import { Store } from '../rtc/store';
import { problemOf, type DeviceProblem } from './deviceProblem';

export interface DeviceChoice {
  id: string;
  label: string;
}

export interface DevicesState {
  phase: 'closed' | 'asking' | 'open' | 'failed';
  stream: MediaStream | undefined;
  problem: DeviceProblem | undefined;
  cameras: DeviceChoice[];
  microphones: DeviceChoice[];
  cameraId: string | undefined;
  microphoneId: string | undefined;
}

const closed: DevicesState = {
  phase: 'closed',
  stream: undefined,
  problem: undefined,
  cameras: [],
  microphones: [],
  cameraId: undefined,
  microphoneId: undefined,
};

/** The student's camera and microphone: one stream with one track of each, or the reason why not. */
export class Devices {
  readonly state = new Store<DevicesState>(closed);
  /** Counts the openings, so that a late answer of an abandoned one is thrown away. */
  #turn = 0;

  /** Opens what was chosen, or the browser's default. Asks for the permission when it must. */
  async open(choice: { cameraId?: string | undefined; microphoneId?: string | undefined } = {}): Promise<void> {
    const turn = ++this.#turn;
    this.#stopTracks();
    const media = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
    if (media?.getUserMedia === undefined) {
      this.#fail(window.isSecureContext ? 'unsupported' : 'insecure');
      return;
    }
    this.state.patch({ phase: 'asking', problem: undefined, stream: undefined });
    try {
      const stream = await media.getUserMedia({
        video: {
          width: { ideal: 640 },
          height: { ideal: 480 },
          frameRate: { ideal: 24, max: 30 },
          ...(choice.cameraId === undefined ? { facingMode: 'user' } : { deviceId: { exact: choice.cameraId } }),
        },
        // A proctor's voice from the loudspeakers must not come back into what is recorded.
        audio: { echoCancellation: true, ...(choice.microphoneId === undefined ? {} : { deviceId: { exact: choice.microphoneId } }) },
      });
      if (turn !== this.#turn) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      for (const track of stream.getTracks()) track.addEventListener('ended', () => this.#unplugged(stream));
      this.state.patch({
        phase: 'open',
        stream,
        cameraId: stream.getVideoTracks()[0]?.getSettings().deviceId,
        microphoneId: stream.getAudioTracks()[0]?.getSettings().deviceId,
        ...(await this.#list(media)),
      });
    } catch (error) {
      if (turn !== this.#turn) return;
      const lists = await this.#list(media);
      this.state.patch(lists);
      this.#fail(problemOf(error, { cameras: lists.cameras.length, microphones: lists.microphones.length }));
    }
  }

  /** Opens with another camera. */
  chooseCamera(cameraId: string): void {
    void this.open({ cameraId, microphoneId: this.state.get().microphoneId });
  }

  /** Opens with another microphone. */
  chooseMicrophone(microphoneId: string): void {
    void this.open({ cameraId: this.state.get().cameraId, microphoneId });
  }

  close(): void {
    this.#turn++;
    this.#stopTracks();
    this.state.patch({ ...closed });
  }

  async #list(media: MediaDevices): Promise<Pick<DevicesState, 'cameras' | 'microphones'>> {
    try {
      const all = await media.enumerateDevices();
      const of = (kind: MediaDeviceKind) =>
        all.filter((device) => device.kind === kind).map((device) => ({ id: device.deviceId, label: device.label }));
      return { cameras: of('videoinput'), microphones: of('audioinput') };
    } catch {
      return { cameras: [], microphones: [] };
    }
  }

  #unplugged(stream: MediaStream): void {
    if (this.state.get().stream !== stream) return;
    this.#stopTracks();
    this.#fail('unplugged');
  }

  #fail(problem: DeviceProblem): void {
    this.state.patch({ phase: 'failed', problem, stream: undefined });
  }

  #stopTracks(): void {
    // Our own stop() does not fire «ended», so this is never taken for an unplugged device.
    for (const track of this.state.get().stream?.getTracks() ?? []) track.stop();
  }
}
