// The messages of both sockets, as proctor/api speaks them: JSON text, at most 64 KiB.
import type { Attempt, ExamRoom, Identification, Problem, RoomAttempt, StaffCard } from '../api/types';

/** What the server asks of the student while it looks for a good picture. */
export const hints = [
  'no_face',
  'several_faces',
  'too_far',
  'too_close',
  'too_dark',
  'too_bright',
  'blurred',
  'uneven_light',
  'off_centre',
  'face_turned',
  'hold_still',
  'empty_picture',
] as const;
export type Hint = (typeof hints)[number];

/** Digits to read aloud, one by one: `length` in all, `shown` so far; `digit` is the one to say now, empty before the first. */
export interface Challenge {
  id: string;
  length: number;
  shown: number;
  digit: string;
}

export type IdentificationPhase =
  | { phase: 'looking'; hint?: Hint }
  | { phase: 'challenge'; challenge: Challenge }
  | { phase: 'away'; url: string }
  | { phase: 'verifying' }
  | { phase: 'done'; identification: Identification };

export type MediaState = 'connecting' | 'live' | 'lost';

/** The most to send of each picture, kbit/s. */
export interface Rates {
  low: number;
  high: number;
  screen: number;
  phone: number;
}

export interface TrackInfo {
  mid: string;
  attemptId: string;
  source: 'camera' | 'screen' | 'phone';
  /** low: the small picture of two. */
  layer?: 'low';
  media: 'video' | 'audio';
}

/** A proctor who speaks to the student aloud. */
export interface VoiceNote {
  by: string;
  toAll: boolean;
}

/** How the proctor's own talk goes; without an attempt everybody is spoken to. */
export interface TalkStatus {
  attemptId?: string;
  until: string;
  /** The server receives the microphone. */
  arrives: boolean;
  hear: number;
  /** Those who do not hear for now: identified by voice, or spoken to by another proctor. */
  waiting: number;
}

export type TalkOver = 'hushed' | 'too_long' | 'gone' | 'refused';

export interface VoiceInUse {
  by: StaffCard;
  attemptId?: string;
}

interface Candidate {
  type: 'candidate';
  candidate: RTCIceCandidateInit | null;
}
interface Failure {
  type: 'error';
  problem: Problem;
}
interface Pong {
  type: 'pong';
}

export type StudentServerMessage =
  | { type: 'hello'; attempt: Attempt; rates: Rates; iceServers: RTCIceServer[] }
  | { type: 'answer'; sdp: string }
  | Candidate
  | { type: 'media'; state: MediaState }
  | { type: 'attempt'; attempt: Attempt }
  | ({ type: 'identification' } & IdentificationPhase)
  | { type: 'voice'; voice: VoiceNote | null }
  | Failure
  | Pong;

/** What the browser says of the camera; 0 where it says nothing. */
export interface CameraInfo {
  label: string;
  frameRate: number;
  width: number;
  height: number;
}

export type StudentClientMessage =
  | { type: 'camera'; camera: CameraInfo }
  | { type: 'offer'; sdp: string }
  | Candidate
  | { type: 'ping' };

export type ProctorServerMessage =
  | { type: 'hello'; room: ExamRoom; iceServers: RTCIceServer[] }
  | { type: 'offer'; sdp: string; tracks: TrackInfo[]; microphone?: string }
  | { type: 'talk'; talk: TalkStatus | null; over?: TalkOver; problem?: Problem }
  | { type: 'voices'; voices: VoiceInUse[] }
  | Candidate
  | { type: 'attempt'; roomAttempt: RoomAttempt }
  | { type: 'presence'; people: StaffCard[] }
  | { type: 'levels'; levels: Record<string, number> }
  | ({ type: 'identification'; attemptId: string } & IdentificationPhase)
  | Failure
  | Pong;

export type ProctorClientMessage =
  | { type: 'watch'; attempts: string[]; large: string[]; heard: string[] }
  | { type: 'look'; attempt: string }
  | { type: 'talk'; attempt: string }
  | { type: 'talk'; all: true }
  | { type: 'hush' }
  | { type: 'answer'; sdp: string }
  | Candidate
  | { type: 'ping' };

/** Decodes one message; what is not an object with a type is dropped as undefined. */
export function decode(data: unknown): { type: string } | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    if (typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string') {
      return message as { type: string };
    }
  } catch {
    // Not JSON: nothing of ours.
  }
  return undefined;
}
