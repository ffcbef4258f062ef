import { useTranslation } from 'react-i18next';
import { StreamVideo } from '../media/StreamVideo';
import classes from './Join.module.css';

export type Tone = 'idle' | 'busy' | 'warn' | 'good' | 'bad';

interface SelfViewProps {
  stream: MediaStream | undefined;
  /** Draws the oval for the face in this tone. */
  oval?: Tone;
  /** Keeps the picture and what is above and below it within the window. */
  fit?: boolean;
  small?: boolean;
  onElement?: (element: HTMLVideoElement | null) => void;
}

/** The student's own picture, as in a mirror. */
export function SelfView({ stream, oval, fit = false, small = false, onElement }: SelfViewProps) {
  const { t } = useTranslation('join');
  return (
    <div className={classes.stage} data-fit={fit} data-small={small}>
      <StreamVideo
        stream={stream}
        className={classes.video}
        aria-label={t('devices.selfView')}
        data-testid="self-view"
        {...(onElement === undefined ? {} : { onElement })}
      />
      {oval !== undefined && (
        <svg className={classes.mask} viewBox="0 0 640 480" preserveAspectRatio="xMidYMid slice" aria-hidden>
          <path
            className={classes.shade}
            fillRule="evenodd"
            d="M0 0H640V480H0Z M320 40A150 198 0 0 0 320 436A150 198 0 0 0 320 40Z"
          />
          <ellipse className={classes.oval} data-tone={oval} cx="320" cy="238" rx="150" ry="198" />
        </svg>
      )}
    </div>
  );
}
