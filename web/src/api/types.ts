// The shapes on the wire, written after the contract of proctor/api. Times are RFC 3339
// in UTC, identifiers are UUID strings, lengths are in milliseconds.

/** A sentence in both languages of the application. */
export interface LocalText {
  ru: string;
  en: string;
}

/** RFC 9457 problem with our code and a sentence for people. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  message: LocalText;
}

export type Role = 'student' | 'proctor' | 'registrar' | 'administrator';

export interface Person {
  id: string;
  displayName: string;
  roles: Role[];
}

export interface Organisation {
  id?: string;
  name: string;
  shortName: string;
}

export interface Session {
  signedIn: boolean;
  person?: Person;
  organisation: Organisation;
  version: string;
}

export interface ExamCard {
  id: string;
  code: string;
  title: string;
  organisation: Organisation;
  actNumber: string;
  actDate: string;
  startsAt: string;
  endsAt: string;
  contact: string;
  recorded: string[];
  /** Present when the signed-in person already has an attempt at this exam. */
  attemptId?: string;
}

export type AttemptState =
  | 'registered'
  | 'ready'
  | 'identifying'
  | 'identified'
  | 'admitted'
  | 'in_progress'
  | 'paused'
  | 'finished'
  | 'reviewed'
  | 'declined'
  | 'manual_identification'
  | 'terminated'
  | 'expired';

export interface ConsentText {
  id: string;
  version: string;
  title: string;
  /** Plain paragraphs, separated by an empty line. */
  body: string;
  sha256: string;
}

export type Outcome =
  | 'match'
  | 'no_match'
  | 'quality'
  | 'liveness'
  | 'not_enrolled'
  | 'verifier_unavailable'
  | 'verdict_rejected'
  | 'interrupted';

export interface Score {
  overall: number;
  photo: number;
  sound: number;
}

export interface QualityComponent {
  component: string;
  value: number;
}

export interface Identification {
  id: string;
  /** Counts from 1 within the attempt. */
  number: number;
  at: string;
  outcome: Outcome;
  reason: string;
  message: LocalText;
  score?: Score;
  threshold: number;
  liveness?: number;
  quality?: QualityComponent[];
  recordingId?: string;
  /** Where in the recording the sample was taken. */
  offsetMs?: number;
  frameSha256?: string;
  photoSha256?: string;
  voiceSha256?: string;
  verdictId?: string;
  logIndex?: number;
}

export interface Attempt {
  id: string;
  examId: string;
  exam: ExamCard;
  student: { displayName: string; group: string };
  state: AttemptState;
  stateReason: string;
  consent: { text: ConsentText; grantedAt?: string };
  triesLeft: number;
  triesTotal: number;
  threshold: number;
  lastIdentification?: Identification;
  serverTime: string;
}

export interface ExamCounts {
  roster: number;
  connected: number;
  waiting: number;
  admitted: number;
  inProgress: number;
  finished: number;
}

export interface ExamSummary {
  id: string;
  code: string;
  title: string;
  startsAt: string;
  endsAt: string;
  counts: ExamCounts;
}

export interface RoomAttempt {
  attempt: Attempt;
  connected: boolean;
}

export interface ExamRoom {
  exam: ExamSummary;
  attempts: RoomAttempt[];
}

export type TerminateReason = 'rules' | 'stranger' | 'request' | 'technical';

export type Lane = 'identity' | 'behaviour' | 'technical' | 'proctor';

export interface TimelineEvent {
  at: string;
  lane: Lane;
  kind: string;
  actor?: string;
  detail: Record<string, unknown>;
  offsetMs?: number;
  recordingId?: string;
}

export interface Segment {
  number: number;
  startMs: number;
  durationMs: number;
  size: number;
  sha256: string;
  url: string;
}

export interface Recording {
  id: string;
  kind: string;
  startedAt: string;
  durationMs: number;
  segments: Segment[];
}

export interface LogRecord {
  /** Absent until the sequencer has taken the record into the tree. */
  index?: number | null;
  id: string;
  type: string;
  at: string;
  examId?: string;
  examTitle?: string;
  student?: string;
  group?: string;
  outcome?: string;
  score?: number;
  threshold?: number;
  reason?: string;
  sha256: string;
  body: Record<string, unknown>;
}

export interface LogPage {
  records: LogRecord[];
  next?: string;
}

export interface Checkpoint {
  size: number;
  rootHash: string;
  note: string;
  at: string;
}

export interface LogFilter {
  exam?: string;
  outcome?: string;
  type?: string;
  from?: string;
  to?: string;
}
