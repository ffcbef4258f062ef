/** The quietest that a meter shows, in decibels below the loudest possible. */
const quietest = 60;

/** From decibels below the loudest possible to 0 (silence) … 1. */
export function loudness(below: number): number {
  return Math.min(1, Math.max(0, (quietest - below) / quietest));
}

type Listener = (level: number) => void;

/**
 * How loud each student is. A meter listens for its own student and paints by itself:
 * four times a second for a hundred students is nothing that a page should render for.
 */
export class Levels {
  readonly #now = new Map<string, number>();
  readonly #listeners = new Map<string, Set<Listener>>();

  tell(levels: Record<string, number>): void {
    for (const [attempt, below] of Object.entries(levels)) {
      const level = loudness(below);
      this.#now.set(attempt, level);
      for (const listener of this.#listeners.get(attempt) ?? []) listener(level);
    }
  }

  listen(attempt: string, listener: Listener): () => void {
    const all = this.#listeners.get(attempt) ?? new Set();
    this.#listeners.set(attempt, all.add(listener));
    listener(this.#now.get(attempt) ?? 0);
    return () => {
      all.delete(listener);
      if (all.size === 0) this.#listeners.delete(attempt);
    };
  }
}
