/** Takes the whole link as well as the bare code: people paste what they were sent. */
export function codeIn(typed: string): string {
  const text = typed.trim();
  const linked = /\/e\/([^/?#\s]+)/.exec(text);
  return linked?.[1] ?? text;
}
