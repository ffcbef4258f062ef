// The windows of one browser that show the same exam know of each other: a page that returns from elsewhere asks whether the exam is open.

const name = (code: string): string => `ochno-exam-${code}`;

/** Answers other windows as long as the exam is open in this one. */
export function answerForExam(code: string): () => void {
  const channel = new BroadcastChannel(name(code));
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === 'anybody') channel.postMessage('here');
  };
  return () => channel.close();
}

/** Whether another window of this browser has the exam open. */
export function examOpenElsewhere(code: string, patienceMs = 700): Promise<boolean> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(name(code));
    const end = (open: boolean): void => {
      clearTimeout(timer);
      channel.close();
      resolve(open);
    };
    const timer = setTimeout(() => end(false), patienceMs);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'here') end(true);
    };
    channel.postMessage('anybody');
  });
}
