/** A path of ours and nothing else: an address of another site is not followed. */
export function localPath(value: string | null): string {
  return value !== null && /^\/(?![/\\])/.test(value) ? value : '/';
}
