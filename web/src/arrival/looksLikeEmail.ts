/** Whether a text looks like one e-mail address; the server looks closer. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+$/.test(text.trim());
}
