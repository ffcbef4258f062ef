/**
 * Where the application lives. The server writes <base href>, so the same build works at
 * the root and under a sub-path.
 */
const base = new URL('.', document.baseURI);

/** The path under which the router works, without a slash at the end. */
export const routerBase = base.pathname.replace(/\/$/, '');

/** An absolute address of the server for a path such as `api/session`. */
export function serverURL(path: string): string {
  return new URL(path.replace(/^\//, ''), base).href;
}

/** The same, for a WebSocket. */
export function socketURL(path: string): string {
  return serverURL(path).replace(/^http/, 'ws');
}
