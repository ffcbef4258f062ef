import { useEffect, useRef, type ComponentPropsWithoutRef } from 'react';

interface StreamVideoProps extends Omit<ComponentPropsWithoutRef<'video'>, 'src'> {
  stream: MediaStream | undefined;
  onElement?: (element: HTMLVideoElement | null) => void;
  'data-testid'?: string;
}

/** A <video> that shows a live stream. */
export function StreamVideo({ stream, onElement, muted = true, ...rest }: StreamVideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (video === null) return undefined;
    video.srcObject = stream ?? null;
    if (stream !== undefined) {
      // Refused until a gesture in some browsers; `autoPlay` then starts it at the first one.
      void video.play().catch(() => undefined);
    }
    return () => {
      video.srcObject = null;
    };
  }, [stream]);
  useEffect(() => {
    onElement?.(ref.current);
    return () => onElement?.(null);
  }, [onElement]);
  return <video ref={ref} autoPlay playsInline muted={muted} {...rest} />;
}
