// The shapes on the wire under the names the application uses. They are those of the
// server's OpenAPI (npm run gen); what it cannot say is narrowed here.
import type { components } from './schema.gen';

type Schemas = components['schemas'];

/** A sentence in both languages of the application. */
export type LocalText = Schemas['Text'];

/** RFC 9457 problem with our code and a sentence for people. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  message: LocalText;
  retryAfter?: number;
}

export const roles = ['student', 'proctor', 'registrar', 'administrator', 'guardian'] as const;
export type Role = (typeof roles)[number];

export type Session = Schemas['Session'];
export type Person = Schemas['SessionPerson'];
export type Organisation = Schemas['OrganisationCard'];
export type SignedOut = Schemas['SignedOut'];
export type Choices = Schemas['Choices'];
export type ChoiceCard = Schemas['ChoiceCard'];
export type Arrival = Schemas['Arrival'];
export type RequestFiling = Schemas['FileInputBody'];
export type RequestReceipt = Schemas['RequestReceipt'];
export type RequestList = Schemas['RequestList'];
export type RequestSummary = Schemas['RequestSummary'];
export type RequestDetail = Schemas['RequestDetail'];
export type RequestCandidate = Schemas['RequestCandidate'];
export type Agreement = RequestCandidate['same']['name'];
export type ExamCard = Schemas['ExamCard'];
export type Accommodation = Schemas['Accommodation'];
export type ReadinessRow = Schemas['ReadinessRow'];
export type Attempt = Schemas['Attempt'];
export type AttemptState = Attempt['state'];
export const attemptStates: readonly AttemptState[] = [
  'registered',
  'ready',
  'identifying',
  'identified',
  'admitted',
  'in_progress',
  'paused',
  'finished',
  'reviewed',
  'declined',
  'manual_identification',
  'terminated',
  'expired',
];
export type MyExam = Schemas['MyExam'];
export type MyExams = Schemas['MyExams'];
export type NodeLoad = Schemas['NodeLoad'];
export type RoomLoad = Schemas['RoomLoad'];
export type MediaLoad = Schemas['MediaLoad'];
export type QueueLoads = Schemas['QueueLoads'];
export type Organisations = Schemas['OrganisationList'];
export type ManagedOrganisation = Schemas['ManagedOrganisation'];
export type OrganisationTexts = Schemas['OrganisationTexts'];
export type NewOrganisation = Schemas['CreateOrganisationInputBody'];
export type SystemState = Schemas['SystemState'];
export type Checked = Schemas['Checked'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditPage = Schemas['AuditPage'];
export const auditKinds = ['staff', 'decision', 'policy_change', 'access', 'hold', 'request', 'link', 'unlink', 'sign_in'] as const;
export type AuditKind = (typeof auditKinds)[number];
export type Watch = Schemas['PageRules'];
export type Work = Schemas['Work'];
export type NetworkNote = Schemas['NetworkInputBody'];
export type BehaviourNote = Schemas['BehaviourInputBody'];
export type ConsentText = Schemas['ConsentText'];
export type ConsentItem = Schemas['ConsentItem'];
export type ConsentTerms = Schemas['ConsentTerms'];
export type ConsentDraft = Schemas['PublishInputBody'];
export type ConsentTextList = Schemas['ConsentTextList'];
export type PublishedConsentText = Schemas['PublishedConsentText'];
export type MyConsents = Schemas['MyConsents'];
export type Withdrawn = Schemas['Withdrawn'];
export type GuardianConsent = Schemas['GuardianConsent'];
export type GuardianInvitation = Schemas['GuardianInvitation'];
export type GuardianHome = Schemas['GuardianHome'];
export type GuardianChild = Schemas['GuardianChild'];
export type GuardianAnswer = Schemas['GuardianAnswerInputBody'];
export type GuardianClaim = Schemas['GuardianClaim'];
export type GuardianClaimList = Schemas['GuardianClaimList'];
export type Retention = Schemas['Retention'];
export type RetentionTerm = Schemas['RetentionTerm'];
export type TermChange = Schemas['SetTermInputBody'];
export type Calendar = Schemas['Calendar'];
export type Expiry = Schemas['Expiry'];
export type Hold = Schemas['Hold'];
export type HoldList = Schemas['HoldList'];
export type NewHold = Schemas['PlaceHoldInputBody'];
export type DeletionList = Schemas['DeletionList'];
export type NoticeList = Schemas['NoticeList'];
export type Identification = Schemas['Identification'];
export type Doubt = Schemas['Doubt'];
export const doubts: readonly Doubt['flag'][] = [
  'frozen_picture',
  'looped_picture',
  'virtual_camera',
  'odd_frame_rate',
  'no_camera_noise',
  'voice_before_digits',
  'voice_not_following_digits',
  'mouth_not_moving',
  'face_changed',
];
/** What is looked out for during an exam. */
export const behaviours = [
  'face_absent',
  'several_faces',
  'face_small',
  'looking_away',
  'picture_frozen',
  'picture_black',
  'camera_covered',
  'speech',
  'other_voice',
  'silent_mouth',
  'screen_lost',
] as const;
export type Outcome = Identification['outcome'];
export const outcomes: readonly Outcome[] = [
  'match',
  'no_match',
  'quality',
  'liveness',
  'not_enrolled',
  'verifier_unavailable',
  'verdict_rejected',
  'interrupted',
];
export type ExamSummary = Schemas['ExamSummary'];
export type RoomAttempt = Schemas['RoomAttempt'];
export type ExamRoom = Schemas['ExamRoom'];
export type TerminateReason = Schemas['TerminateInputBody']['reasonCode'];
export type ManualIdentification = Schemas['ManualIdentification'];
export type ManualWhy = Schemas['BeginManualInputBody']['why'];
export type ManualRefusal = Schemas['RefuseManualInputBody']['reason'];
export type ManualDocument = Schemas['ConfirmManualInputBody']['document'];
export const manualDocuments: readonly ManualDocument[] = [
  'passport',
  'foreign_passport',
  'residence_permit',
  'temporary_identity_card',
  'military_card',
  'student_card',
];
export const manualComparisons = ['face', 'name', 'birth_date', 'validity'] as const;
export type ManualComparison = (typeof manualComparisons)[number];
export type TalkMessage = Schemas['Message'];
export type MessageList = Schemas['MessageList'];
export type HelpCall = Schemas['HelpCall'];
export type CallReason = HelpCall['reason'];
export const callReasons: readonly CallReason[] = ['question', 'technical', 'health', 'other'];
export type Warning = Schemas['Warning'];
export type WarningReason = Warning['reason'];
export const warningReasons: readonly WarningReason[] = ['looks_away', 'talks', 'another_person', 'device', 'leaves_frame', 'noise', 'other'];
export type ExtraTime = Schemas['ExtraTime'];
export type ExtraReason = ExtraTime['reason'];
export type NoteList = Schemas['NoteList'];
export type StaffCard = Schemas['StaffCard'];
export type ProctorList = Schemas['ProctorList'];
export type ProctorCard = Schemas['ProctorCard'];
export type AdmittedAll = Schemas['AdmittedAll'];
export type TimelineEvent = Schemas['TimelineEvent'];
export type EventFlag = Schemas['EventFlag'];
export type Conclusion = Schemas['Conclusion'];
export type ConclusionResult = Exclude<Conclusion['result'], ''>;
export const conclusionResults: readonly ConclusionResult[] = ['no_violation', 'violation', 'technical'];
export type Lane = TimelineEvent['lane'];
export type Segment = Schemas['Segment'];
export type Recording = Schemas['Recording'];
export type MyFile = Schemas['MyFile'];
export type FileAttempt = Schemas['FileAttempt'];
export type FileDecision = Schemas['FileDecision'];
export type FileLook = Schemas['FileLook'];
export type StoredItem = Schemas['StoredItem'];
export type Clip = Schemas['Clip'];
export type AppealForm = Schemas['FileAppealInputBody'];
export type AppealList = Schemas['AppealList'];
export type AppealSummary = Schemas['AppealSummary'];
export type AppealDetail = Schemas['AppealDetail'];
export type AppealDecision = Schemas['DecideAppealInputBody'];
export type AppealPolicy = Schemas['AppealPolicy'];
export type Readiness = Schemas['Readiness'];
export type RosterReadiness = Schemas['RosterReadiness'];
export type Reminded = Schemas['Reminded'];
export type ReadinessFilter = 'all' | 'ready' | 'not_ready' | 'account' | 'consent' | 'enrolment' | 'devices' | 'declined';
export type AccountPage = Schemas['AccountPage'];
export type Members = Schemas['Members'];
export type Member = Schemas['Member'];
export type AccessGroup = Schemas['Group'];
export type IssuedLogin = Schemas['IssuedLogin'];
export type RosterPreview = Schemas['RosterPreview'];
export type RosterProblem = Schemas['RosterProblem'];
export type LogRecord = Schemas['LogRecord'];
export type LogPage = Schemas['LogPage'];
export type Checkpoint = Schemas['Checkpoint'];

/** What the log is narrowed to; dates are days or moments, empty is not asked. */
export interface LogFilter {
  exam?: string;
  outcome?: string;
  type?: string;
  faculty?: string;
  group?: string;
  /** A student's id. */
  person?: string;
  /** 'true': only attempts that staff took over from the verifier. */
  manual?: string;
  /** 'true': only attempts on which an appeal was filed. */
  appeals?: string;
  /** An attempt's id. */
  attempt?: string;
  from?: string;
  to?: string;
}

/** What the log's filters offer. */
export type LogChoices = Schemas['LogChoices'];

/** What an export may be. */
export type ExportFormat = 'csv' | 'xlsx' | 'jsonl' | 'pdf' | 'package';

/** What the register of consents is narrowed to; dates are days or moments, empty is not asked. */
export interface ConsentFilter {
  exam?: string;
  state?: string;
  /** student or guardian. */
  by?: string;
  /** A student's id. */
  person?: string;
  version?: string;
  from?: string;
  to?: string;
}
export type ConsentRegister = Schemas['ConsentRegister'];
export type RegisteredConsent = Schemas['RegisteredConsent'];

/** How much an export would be, and those that are made apart. */
export type PhoneCode = Schemas['PhoneCode'];
export type Policy = Schemas['Policy'];
export type ExamDraft = Schemas['ExamDraft'];
export type NewExam = Schemas['NewExamInputBody'];
export type ExportPlan = Schemas['ExportPlan'];
export type ExportJob = Schemas['ExportJob'];
export type ExportJobs = Schemas['ExportJobs'];
export type OrderFormat = ExportJob['format'];

export type Separator = 'semicolon' | 'comma' | 'tab';
