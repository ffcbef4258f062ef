// The phone's own door: no cookie, a bearer token of one attempt's second camera (proctor/api/phone.go).
import { serverURL } from './base';
import { ApiError, isProblem } from './problem';

/** What a phone is told of itself. */
export interface PhoneView {
  exam: string;
  state: 'waiting' | 'live' | 'lost';
  /** Nothing more is taken: the exam has ended for the student. */
  over: boolean;
  /** At most, kbit/s. */
  rate: number;
  iceServers: RTCIceServer[];
}

async function ask(method: string, path: string, token: string | undefined, type: string | undefined, body: string | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(serverURL(path), {
      method,
      credentials: 'omit',
      headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...(type === undefined ? {} : { 'Content-Type': type }) },
      body: body ?? null,
    });
  } catch (error) {
    throw new ApiError('network', 0, undefined, { cause: error });
  }
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => undefined);
  if (isProblem(problem)) throw new ApiError(problem.code, response.status, problem);
  throw new ApiError('bad_answer', response.status);
}

export const phoneDoor = {
  /** Exchanges the code from the link for a token; a code works once. */
  claim: async (code: string): Promise<string> => {
    const response = await ask('POST', 'api/phone', undefined, 'application/json', JSON.stringify({ code }));
    return ((await response.json()) as { token: string }).token;
  },
  view: async (token: string): Promise<PhoneView> => (await ask('GET', 'api/phone', token, undefined, undefined)).json() as Promise<PhoneView>,
  /** Publishes by WHIP (RFC 9725). */
  publish: async (token: string, sdp: string): Promise<string> => (await ask('POST', 'whip', token, 'application/sdp', sdp)).text(),
};

export type PhoneDoor = typeof phoneDoor;
