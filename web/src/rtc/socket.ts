import { decode } from './wire';

/** The part of the browser's WebSocket that is used; tests bring their own. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type OpenSocket = (url: string) => SocketLike;

/**
 * connecting: the first try or one after a wait; open; waiting: a pause before the next
 * try; closed: over, by us or by the server's 44xx, and never opened again by itself.
 */
export type SocketPhase = 'connecting' | 'open' | 'waiting' | 'closed';

export interface SocketStatus {
  phase: SocketPhase;
  /** Tries since the socket was last open. */
  failures: number;
  /** The server's code when it refused for good, 0 otherwise. */
  closeCode: number;
}

export interface SocketOptions {
  url: string;
  open: OpenSocket;
  onMessage: (message: { type: string }) => void;
  onStatus: (status: SocketStatus) => void;
}

const openState = 1;
const pingEveryMs = 20_000;
const longestWaitMs = 8_000;
const answerWithinMs = 2_000;
const idleCode = 4408;

/** Codes 44xx are refusals, but for «idle»: a machine that slept comes back. */
function isLastWord(code: number): boolean {
  return code >= 4400 && code < 4500 && code !== idleCode;
}

/** How long to wait before the try after so many failures: 1, 2, 4, 8, 8, … seconds. */
export function waitBeforeRetry(failures: number): number {
  return Math.min(longestWaitMs, 1_000 * 2 ** Math.max(0, failures - 1));
}

/**
 * A WebSocket that comes back by itself. A close with a code 44xx is the server's last
 * word (4408, idle, is not); every other close is a lost network.
 */
export class ReconnectingSocket {
  readonly #options: SocketOptions;
  #socket: SocketLike | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #status: SocketStatus = { phase: 'closed', failures: 0, closeCode: 0 };

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get status(): SocketStatus {
    return this.#status;
  }

  start(): void {
    if (this.#status.phase !== 'closed') return;
    this.#connect(0);
  }

  /** Tries at once instead of waiting, for example when the browser says it is online again. */
  retryNow(): void {
    if (this.#status.phase === 'waiting') this.#connect(this.#status.failures);
  }

  /** Opens a new socket at once in place of the present one. */
  reopen(): void {
    if (this.#status.phase !== 'closed') this.#connect(0);
  }

  /**
   * Asks whether the server is still there: a machine that is gone closes nothing. When it says nothing
   * for two seconds, a new socket is opened at once.
   */
  check(): void {
    if (this.#doubt !== undefined || !this.send({ type: 'ping' })) return;
    this.#doubt = setTimeout(() => this.#connect(0), answerWithinMs);
  }

  /** Drops an open socket and opens a new one after a wait: the way out of a media connection that failed. */
  restart(): void {
    if (this.#status.phase === 'closed') return;
    this.#drop();
    this.#scheduleRetry(this.#status.failures + 1);
  }

  /** Sends when open; a message that cannot be sent is of no use after a reconnect, and is dropped. */
  send(message: object): boolean {
    if (this.#socket?.readyState !== openState) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  stop(): void {
    this.#drop();
    clearTimeout(this.#retry);
    this.#set({ phase: 'closed', failures: 0, closeCode: 0 });
  }

  #connect(failures: number): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#set({ phase: 'connecting', failures, closeCode: 0 });
    const socket = this.#options.open(this.#options.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#set({ phase: 'open', failures: 0, closeCode: 0 });
      this.#ping = setInterval(() => this.send({ type: 'ping' }), pingEveryMs);
    };
    socket.onmessage = (event) => {
      this.#trust();
      const message = decode(event.data);
      if (message !== undefined) this.#options.onMessage(message);
    };
    socket.onclose = (event) => {
      this.#drop();
      if (isLastWord(event.code)) {
        this.#set({ phase: 'closed', failures: 0, closeCode: event.code });
        return;
      }
      this.#scheduleRetry(this.#status.failures + 1);
    };
  }

  #scheduleRetry(failures: number): void {
    clearTimeout(this.#retry);
    this.#set({ phase: 'waiting', failures, closeCode: 0 });
    this.#retry = setTimeout(() => this.#connect(failures), waitBeforeRetry(failures));
  }

  #trust(): void {
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
  }

  #drop(): void {
    this.#trust();
    clearInterval(this.#ping);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(1000);
  }

  #set(status: SocketStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
