// The tabs of one browser tell each other that somebody has signed in.

const name = 'ochno-session';

export function tellSignedIn(): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage('signed-in');
  channel.close();
}

/** Calls heard when another tab has signed in; returns what ends it. */
export function hearSignedIn(heard: () => void): () => void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === 'signed-in') heard();
  };
  return () => channel.close();
}
