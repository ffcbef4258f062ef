/** Asks for full screen, which browsers grant only upon a click; a refusal is no reason to stop anything. */
export async function enterFullScreen(): Promise<void> {
  try {
    if (document.fullscreenEnabled && document.fullscreenElement === null) await document.documentElement.requestFullscreen();
  } catch {
    // The page says how to come there later.
  }
}

/** Leaves it when the exam is over. */
export async function leaveFullScreen(): Promise<void> {
  try {
    if (document.fullscreenElement !== null) await document.exitFullscreen();
  } catch {
    // Then it stays until she leaves it herself.
  }
}
