/** Two short tones; silent where the browser allows no sound before a click. */
export function beep(): void {
  if (typeof AudioContext === 'undefined') return;
  const context = new AudioContext();
  for (const [at, pitch] of [
    [0, 880],
    [0.22, 660],
  ] as const) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(context.destination);
    tone.start(context.currentTime + at);
    tone.stop(context.currentTime + at + 0.16);
    if (at > 0) tone.onended = () => void context.close();
  }
}
