// Every call to the server is here and nowhere else.
import { serverURL } from './base';
import { ApiError, isProblem } from './problem';
import type {
  Accommodation,
  Conclusion,
  ConclusionResult,
  EventFlag,
  AdmittedAll,
  CallReason,
  ExtraReason,
  MessageList,
  NoteList,
  ProctorList,
  WarningReason,
  Readiness,
  ReadinessFilter,
  Reminded,
  RosterReadiness,
  AccessGroup,
  AccountPage,
  AppealDecision,
  AppealDetail,
  AppealForm,
  AppealList,
  AppealPolicy,
  IssuedLogin,
  NewOrganisation,
  Organisations,
  OrganisationTexts,
  Members,
  Arrival,
  Attempt,
  AuditKind,
  AuditPage,
  BehaviourNote,
  Checked,
  SystemState,
  Calendar,
  Checkpoint,
  DeletionList,
  HoldList,
  NewHold,
  NoticeList,
  Retention,
  TermChange,
  ConsentDraft,
  ConsentFilter,
  ConsentRegister,
  ConsentTextList,
  Choices,
  ExamCard,
  ExamDraft,
  ExamRoom,
  ExamSummary,
  FileAttempt,
  GuardianAnswer,
  GuardianClaimList,
  GuardianConsent,
  GuardianHome,
  GuardianInvitation,
  Identification,
  ExportFormat,
  ExportJobs,
  ExportPlan,
  LogChoices,
  LogFilter,
  LogPage,
  MyConsents,
  MyFile,
  MyExams,
  NetworkNote,
  NewExam,
  PhoneCode,
  Policy,
  Recording,
  RequestDetail,
  RequestFiling,
  RequestList,
  RequestReceipt,
  Role,
  RosterPreview,
  OrderFormat,
  Separator,
  Session,
  SignedOut,
  ManualComparison,
  ManualDocument,
  ManualRefusal,
  ManualWhy,
  TerminateReason,
  TimelineEvent,
  Withdrawn,
} from './types';

type Method = 'GET' | 'POST' | 'PUT';

async function send(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(serverURL(path), {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'Content-Type': body instanceof Blob ? 'application/octet-stream' : 'application/json' },
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('network', 0, undefined, { cause: error });
  }
  if (response.ok) return response;
  let problem: unknown;
  try {
    problem = await response.json();
  } catch {
    problem = undefined;
  }
  if (isProblem(problem)) throw new ApiError(problem.code, response.status, problem);
  throw new ApiError('bad_answer', response.status);
}

async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new ApiError('bad_answer', response.status, undefined, { cause: error });
  }
}

const id = encodeURIComponent;

function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** The calls, named after what a person does. */
export const api = {
  session: (signal?: AbortSignal) => call<Session>('GET', 'api/session', undefined, signal),
  signOut: (returnTo: string) => call<SignedOut>('POST', `api/session/end${query({ return: returnTo })}`),
  choices: (signal?: AbortSignal) => call<Choices>('GET', 'api/session/choices', undefined, signal),
  choose: (personId: string, role: Role) => call<Session>('POST', 'api/session/choice', { personId, role }),
  arrival: (signal?: AbortSignal) => call<Arrival>('GET', 'api/arrival', undefined, signal),
  signInWithLogin: (login: string, password: string, newPassword: string) =>
    call<Session>('POST', 'api/session/login', newPassword === '' ? { login, password } : { login, password, newPassword }),
  account: (signal?: AbortSignal) => call<AccountPage>('GET', 'api/account', undefined, signal),
  changePassword: (password: string, newPassword: string) =>
    call<AccountPage>('POST', 'api/account/password', { password, newPassword }),
  confirmLink: () => call<AccountPage>('POST', 'api/account/link', {}),
  cancelLink: () => call<AccountPage>('POST', 'api/account/link/cancel', {}),
  unlink: () => call<AccountPage>('POST', 'api/account/unlink', {}),

  members: (text: string, role: string, signal?: AbortSignal) =>
    call<Members>('GET', `api/people${query({ text, role })}`, undefined, signal),
  organisations: (signal?: AbortSignal) => call<Organisations>('GET', 'api/organisations', undefined, signal),
  createOrganisation: (fresh: NewOrganisation) => call<Organisations>('POST', 'api/organisations', fresh),
  changeOrganisation: (organisation: string, texts: OrganisationTexts) =>
    call<Organisations>('POST', `api/organisations/${id(organisation)}`, texts),
  setRole: (person: string, role: Role, have: boolean) => call<undefined>('POST', `api/people/${id(person)}/role`, { role, have }),
  issueLogin: (person: string) => call<IssuedLogin>('POST', `api/people/${id(person)}/login`, {}),
  groups: (signal?: AbortSignal) => call<{ groups: AccessGroup[] }>('GET', 'api/groups', undefined, signal),
  mapGroup: (esiaOrg: string, group: string, role: AccessGroup['role']) =>
    call<{ groups: AccessGroup[] }>('POST', 'api/groups', { esiaOrg, group, role }),
  unmapGroup: (group: string) => call<{ groups: AccessGroup[] }>('POST', `api/groups/${id(group)}/remove`, {}),

  fileRequest: (form: RequestFiling) => call<RequestReceipt>('POST', 'api/requests', form),

  requests: (state: 'open' | 'decided', signal?: AbortSignal) =>
    call<RequestList>('GET', `api/requests${query({ state })}`, undefined, signal),
  request: (of: string, search: string, signal?: AbortSignal) =>
    call<RequestDetail>('GET', `api/requests/${id(of)}${query({ search })}`, undefined, signal),
  linkRequest: (of: string, personId: string) => call<RequestDetail>('POST', `api/requests/${id(of)}/link`, { personId }),
  refuseRequest: (of: string, reason: string) => call<RequestDetail>('POST', `api/requests/${id(of)}/refuse`, { reason }),

  myConsents: (signal?: AbortSignal) => call<MyConsents>('GET', 'api/consents', undefined, signal),
  withdrawConsent: () => call<Withdrawn>('POST', 'api/consents/withdraw'),
  consentTexts: (signal?: AbortSignal) => call<ConsentTextList>('GET', 'api/consent-texts', undefined, signal),
  publishConsentText: (draft: ConsentDraft) => call<ConsentTextList>('POST', 'api/consent-texts', draft),

  guardianConsent: (signal?: AbortSignal) => call<GuardianConsent>('GET', 'api/guardian-consent', undefined, signal),
  inviteGuardian: (email: string) => call<GuardianConsent>('POST', 'api/guardian-consent/invitations', { email }),
  guardianInvitation: (signal?: AbortSignal) => call<GuardianInvitation>('GET', 'api/guardian/invitation', undefined, signal),
  openInvitation: (code: string) => call<GuardianInvitation>('POST', 'api/guardian/invitation', { code }),
  claimGuardian: () => call<GuardianHome>('POST', 'api/guardian/claim'),
  guardianHome: (signal?: AbortSignal) => call<GuardianHome>('GET', 'api/guardian', undefined, signal),
  guardianAnswer: (child: string, answer: GuardianAnswer) => call<GuardianHome>('POST', `api/guardian/children/${id(child)}/answer`, answer),
  guardianWithdraw: (child: string) => call<Withdrawn>('POST', `api/guardian/children/${id(child)}/withdraw`),
  guardianClaims: (signal?: AbortSignal) => call<GuardianClaimList>('GET', 'api/guardian-claims', undefined, signal),
  decideGuardianClaim: (claim: string, confirm: boolean, note: string) =>
    call<GuardianClaimList>('POST', `api/guardian-claims/${id(claim)}/decision`, { confirm, note }),

  notices: (signal?: AbortSignal) => call<NoticeList>('GET', 'api/notices', undefined, signal),
  retention: (signal?: AbortSignal) => call<Retention>('GET', 'api/retention', undefined, signal),
  setTerm: (change: TermChange) => call<Retention>('POST', 'api/retention', change),
  expiries: (days: number, signal?: AbortSignal) => call<Calendar>('GET', `api/retention/calendar?days=${days}`, undefined, signal),
  receipts: (cursor: number, signal?: AbortSignal) =>
    call<DeletionList>('GET', `api/retention/receipts?cursor=${cursor}`, undefined, signal),
  holds: (signal?: AbortSignal) => call<HoldList>('GET', 'api/holds', undefined, signal),
  placeHold: (hold: NewHold) => call<HoldList>('POST', 'api/holds', hold),
  liftHold: (hold: string, reason: string) => call<HoldList>('POST', `api/holds/${id(hold)}/lift`, { reason }),

  examCard: (code: string, signal?: AbortSignal) => call<ExamCard>('GET', `api/join/${id(code)}`, undefined, signal),
  join: (code: string) => call<Attempt>('POST', `api/join/${id(code)}`, {}),

  attempt: (attempt: string, signal?: AbortSignal) =>
    call<Attempt>('GET', `api/attempts/${id(attempt)}`, undefined, signal),
  grantConsent: (attempt: string, textId: string, sha256: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/consent`, { textId, sha256 }),
  decline: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/decline`, {}),
  returnToExam: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/return`, {}),
  myExams: (signal?: AbortSignal) => call<MyExams>('GET', 'api/my-exams', undefined, signal),
  system: (signal?: AbortSignal) => call<SystemState>('GET', 'api/system', undefined, signal),
  checkSystem: (name: string) => call<Checked>('POST', 'api/system/checks', { name }),
  audit: (kind: AuditKind, from: string, cursor: string | undefined, signal?: AbortSignal) =>
    call<AuditPage>('GET', `api/audit${query({ kind, from, cursor })}`, undefined, signal),
  probe: (attempt: string, bytes: Blob, signal?: AbortSignal) =>
    call<{ bytes: number }>('POST', `api/attempts/${id(attempt)}/probe`, bytes, signal),
  noteNetwork: (attempt: string, report: NetworkNote) => call<undefined>('POST', `api/attempts/${id(attempt)}/network`, report),
  phoneCode: (attempt: string) => call<PhoneCode>('POST', `api/attempts/${id(attempt)}/phone-code`, {}),
  noteBehaviour: (attempt: string, note: BehaviourNote) => call<undefined>('POST', `api/attempts/${id(attempt)}/behaviour`, note),
  identify: (attempt: string) =>
    call<{ identificationId: string }>('POST', `api/attempts/${id(attempt)}/identification`, {}),
  begin: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/begin`, {}),
  finish: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/finish`, {}),

  exams: (signal?: AbortSignal) => call<{ exams: ExamSummary[] }>('GET', 'api/exams', undefined, signal),
  /** An exam's rules; without one those a first exam begins with. */
  policy: (exam: string | undefined, signal?: AbortSignal) =>
    call<Policy>('GET', exam === undefined ? 'api/policy' : `api/exams/${id(exam)}/policy`, undefined, signal),
  setPolicy: (exam: string, policy: Policy) => call<Policy>('PUT', `api/exams/${id(exam)}/policy`, policy),
  createExam: (exam: NewExam) => call<ExamSummary>('POST', 'api/exams', exam),
  changeExam: (exam: string, draft: ExamDraft) => call<ExamSummary>('PUT', `api/exams/${id(exam)}`, draft),
  room: (exam: string, signal?: AbortSignal) => call<ExamRoom>('GET', `api/exams/${id(exam)}`, undefined, signal),
  finishExam: (exam: string) => call<ExamRoom>('POST', `api/exams/${id(exam)}/finish`, {}),
  grantTry: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/retry`, {}),
  terminate: (attempt: string, reasonCode: TerminateReason, note: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/terminate`, { reasonCode, note }),

  beginManual: (attempt: string, why: ManualWhy, note: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/manual`, { why, note }),
  confirmManual: (attempt: string, document: ManualDocument, compared: ManualComparison[]) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/manual/confirm`, { document, compared }),
  refuseManual: (attempt: string, reason: ManualRefusal, note: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/manual/refuse`, { reason, note }),
  identifyAgain: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/identification/ask`, {}),
  settleIdentity: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/identification/settle`, {}),
  pause: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/pause`, {}),
  resume: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/resume`, {}),

  messages: (attempt: string, signal?: AbortSignal) =>
    call<MessageList>('GET', `api/attempts/${id(attempt)}/messages`, undefined, signal),
  say: (attempt: string, text: string) => call<MessageList>('POST', `api/attempts/${id(attempt)}/messages`, { text }),
  seen: (attempt: string, number: number) => call<Attempt>('POST', `api/attempts/${id(attempt)}/messages/seen`, { number }),
  announcements: (exam: string, signal?: AbortSignal) =>
    call<MessageList>('GET', `api/exams/${id(exam)}/announcements`, undefined, signal),
  announce: (exam: string, text: string) => call<MessageList>('POST', `api/exams/${id(exam)}/announcements`, { text }),
  callForHelp: (attempt: string, reason: CallReason, text: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/call`, text === '' ? { reason } : { reason, text }),
  acknowledgeCall: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/call/acknowledge`, {}),
  closeCall: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/call/close`, {}),
  warn: (attempt: string, reason: WarningReason, text: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/warnings`, text === '' ? { reason } : { reason, text }),
  withdrawWarning: (attempt: string, warningId: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/warnings/withdraw`, { warningId }),
  notes: (attempt: string, signal?: AbortSignal) => call<NoteList>('GET', `api/attempts/${id(attempt)}/notes`, undefined, signal),
  addNote: (attempt: string, text: string) => call<NoteList>('POST', `api/attempts/${id(attempt)}/notes`, { text }),
  giveTime: (attempt: string, minutes: number, reason: ExtraReason) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/time`, { minutes, reason }),
  admit: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/admit`, {}),
  undoAdmission: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/admit/undo`, {}),
  refuseAdmission: (attempt: string, note: string) =>
    call<Attempt>('POST', `api/attempts/${id(attempt)}/admit/refuse`, note === '' ? {} : { note }),
  admitAll: (exam: string) => call<AdmittedAll>('POST', `api/exams/${id(exam)}/admit`, {}),
  takeBreak: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/break`, {}),
  endBreak: (attempt: string) => call<Attempt>('POST', `api/attempts/${id(attempt)}/break/end`, {}),
  proctors: (exam: string, signal?: AbortSignal) => call<ProctorList>('GET', `api/exams/${id(exam)}/proctors`, undefined, signal),
  setDuty: (exam: string, personId: string, on: boolean) => call<ProctorList>('POST', `api/exams/${id(exam)}/duty`, { personId, on }),
  handOver: (exam: string, to: string, attemptIds: string[]) =>
    call<ProctorList>('POST', `api/exams/${id(exam)}/handover`, attemptIds.length === 0 ? { to } : { to, attemptIds }),

  timeline: (attempt: string, signal?: AbortSignal) =>
    call<{ events: TimelineEvent[] }>('GET', `api/attempts/${id(attempt)}/timeline`, undefined, signal),
  judgeFlag: (attempt: string, eventId: string, verdict: EventFlag['verdict']) =>
    call<{ events: TimelineEvent[] }>('POST', `api/attempts/${id(attempt)}/flags`, { eventId, verdict }),
  conclusion: (attempt: string, signal?: AbortSignal) =>
    call<Conclusion>('GET', `api/attempts/${id(attempt)}/conclusion`, undefined, signal),
  conclude: (attempt: string, result: ConclusionResult, text: string) =>
    call<Conclusion>('POST', `api/attempts/${id(attempt)}/conclusion`, text === '' ? { result } : { result, text }),
  identifications: (attempt: string, signal?: AbortSignal) =>
    call<{ identifications: Identification[] }>(
      'GET',
      `api/attempts/${id(attempt)}/identifications`,
      undefined,
      signal,
    ),
  recordings: (attempt: string, signal?: AbortSignal) =>
    call<{ recordings: Recording[] }>('GET', `api/attempts/${id(attempt)}/recordings`, undefined, signal),
  segment: async (url: string, signal?: AbortSignal): Promise<ArrayBuffer> => {
    const response = await send('GET', url, undefined, signal);
    return response.arrayBuffer();
  },

  myFile: (signal?: AbortSignal) => call<MyFile>('GET', 'api/my-file', undefined, signal),
  fileAppeal: (attempt: string, form: AppealForm) =>
    call<FileAttempt>('POST', `api/attempts/${id(attempt)}/appeal`, form.email === '' ? { text: form.text, language: form.language } : form),
  appeals: (state: 'open' | 'decided', signal?: AbortSignal) =>
    call<AppealList>('GET', `api/appeals${query({ state })}`, undefined, signal),
  appeal: (of: string, signal?: AbortSignal) => call<AppealDetail>('GET', `api/appeals/${id(of)}`, undefined, signal),
  decideAppeal: (of: string, decision: AppealDecision) => call<AppealDetail>('POST', `api/appeals/${id(of)}/decision`, decision),
  appealPolicy: (signal?: AbortSignal) => call<AppealPolicy>('GET', 'api/appeals/policy', undefined, signal),
  setAppealPolicy: (policy: AppealPolicy) => call<AppealPolicy>('POST', 'api/appeals/policy', policy),

  previewRoster: (exam: string, file: Blob) => call<RosterPreview>('POST', `api/exams/${id(exam)}/roster/preview`, file),
  rosterReadiness: (exam: string, show: ReadinessFilter, text: string, offset: number, signal?: AbortSignal) =>
    call<RosterReadiness>('GET', `api/exams/${id(exam)}/readiness${query({ show, text, offset })}`, undefined, signal),
  accommodate: (exam: string, body: Accommodation & { personId: string }) => call<Accommodation>('POST', `api/exams/${id(exam)}/accommodation`, body),
  remind: (exam: string) => call<Reminded>('POST', `api/exams/${id(exam)}/remind`, {}),
  readiness: (code: string, signal?: AbortSignal) => call<Readiness>('GET', `api/ready/${id(code)}`, undefined, signal),
  noteDevices: (code: string, camera: boolean, microphone: boolean) =>
    call<Readiness>('POST', `api/ready/${id(code)}/devices`, { camera, microphone }),
  declineAhead: (code: string) => call<Readiness>('POST', `api/ready/${id(code)}/decline`, {}),
  importRoster: (exam: string, file: Blob, sha256: string) =>
    call<RosterPreview>('POST', `api/exams/${id(exam)}/roster${query({ sha256 })}`, file),

  consentRegister: (filter: ConsentFilter, cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    call<ConsentRegister>('GET', `api/consent-register${query({ ...filter, cursor, limit })}`, undefined, signal),

  exportPlan: (filter: LogFilter, signal?: AbortSignal) =>
    call<ExportPlan>('GET', `api/log/export/plan${query({ ...filter })}`, undefined, signal),
  exports: (signal?: AbortSignal) => call<ExportJobs>('GET', 'api/log/exports', undefined, signal),
  orderExport: (filter: LogFilter, format: OrderFormat, separator: Separator, recordings: boolean) =>
    call<ExportJobs>('POST', `api/log/exports${query({ ...filter, format, separator, recordings: String(recordings) })}`, {}),
  cancelExport: (of: string) => call<ExportJobs>('POST', `api/log/exports/${id(of)}/cancel`, {}),
  log: (filter: LogFilter, cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    call<LogPage>('GET', `api/log${query({ ...filter, cursor, limit })}`, undefined, signal),
  logChoices: (search: string, signal?: AbortSignal) =>
    call<LogChoices>('GET', `api/log/choices${query({ search })}`, undefined, signal),
  checkpoint: (signal?: AbortSignal) => call<Checkpoint>('GET', 'api/log/checkpoint', undefined, signal),
};

/** The address a download link of the register of consents points at. */
export function consentExportURL(filter: ConsentFilter, format: 'csv' | 'xlsx' | 'jsonl' | 'pdf'): string {
  return serverURL(`api/consent-register/export${query({ ...filter, format })}`);
}

/** Where a recording is to be had as one file. */
export function recordingFileURL(recording: string): string {
  return serverURL(`api/recordings/${id(recording)}/file`);
}

/** The address of the file of an export that was made apart. */
export function exportFileURL(of: string): string {
  return serverURL(`api/log/exports/${id(of)}/file`);
}

/** The address a download link of the log points at. */
export function logExportURL(filter: LogFilter, format: ExportFormat, separator: Separator): string {
  const csvOnly = format === 'csv' ? { separator } : {};
  return serverURL(`api/log/export${query({ ...filter, format, ...csvOnly })}`);
}

/** The address of the student's own package. */
export function myPackageURL(): string {
  return serverURL('api/my-file/package');
}

/** The address that starts the sign-in through ESIA and comes back to a path of ours. */
export function signInURL(returnTo: string): string {
  return serverURL(`auth/esia/start${query({ return: returnTo })}`);
}

/** The address that shows, through ESIA, which account is to be linked. */
export function linkURL(): string {
  return serverURL('auth/esia/link');
}

/** The same for a parent who opened an invitation: Gosuslugi is asked for the children, too. */
export function guardianSignInURL(): string {
  return serverURL(`auth/esia/start${query({ as: 'guardian', return: '/guardian' })}`);
}
