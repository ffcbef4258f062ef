import type { BehaviourNote, Watch } from '../api/types';

const shortest = 2_000;

/**
 * Notices that the page was hidden, was not in front, or left full screen, each only where the exam watches it, and tells how long it lasted.
 * Returns what ends it.
 */
export function watchPage(watch: Watch, tell: (note: BehaviourNote) => void, now: () => number = Date.now): () => void {
  const ends: (() => void)[] = [];
  const on = (target: EventTarget, event: string, act: () => void): void => {
    target.addEventListener(event, act);
    ends.push(() => target.removeEventListener(event, act));
  };
  /** Remembers when something began, and tells when it ends. */
  const span = (kind: BehaviourNote['kind']) => {
    let since: number | undefined;
    return {
      begin: () => {
        since ??= now();
      },
      end: () => {
        if (since === undefined) return;
        const lasted = now() - since;
        since = undefined;
        if (lasted >= shortest) tell({ kind, seconds: Math.min(86_400, Math.round(lasted / 1000)) });
      },
    };
  };
  if (watch.tabs) {
    const hidden = span('tab_hidden');
    on(document, 'visibilitychange', () => (document.hidden ? hidden.begin() : hidden.end()));
  }
  if (watch.focus) {
    const away = span('focus_lost');
    // The exam's own page, embedded, takes the focus from ours: that is no other window. A hidden page is told as such.
    on(window, 'blur', () => {
      if (document.activeElement?.tagName !== 'IFRAME' && !document.hidden) away.begin();
    });
    on(window, 'focus', () => away.end());
  }
  if (watch.fullScreen && document.fullscreenEnabled) {
    const left = span('full_screen_left');
    on(document, 'fullscreenchange', () => (document.fullscreenElement === null ? left.begin() : left.end()));
  }
  return () => {
    for (const end of ends) end();
  };
}
