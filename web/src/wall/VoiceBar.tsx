import { Alert, Button, Group, Text } from '@mantine/core';
import { IconMicrophone, IconMicrophoneOff, IconVolume } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import { MicrophoneLevel } from '../media/MicrophoneLevel';
import type { DeviceProblem } from '../media/deviceProblem';
import type { Speaker } from '../rtc/speaker';
import { usePart, useStore } from '../rtc/useStore';
import type { TalkTo, Viewer } from '../rtc/viewer';
import type { TalkStatus } from '../rtc/wire';
import { useFormat } from '../i18n/useFormat';
import classes from './Wall.module.css';

interface VoiceBarProps {
  attempts: RoomAttempt[];
  viewer: Viewer;
  speaker: Speaker;
}

/** Who speaks aloud: the proctor herself, so that no microphone is on unseen, and her colleagues; and why it does not go. */
export function VoiceBar({ attempts, viewer, speaker }: VoiceBarProps) {
  const { t } = useTranslation('wall');
  const talk = usePart(viewer.state, 'talk');
  const talkEnd = usePart(viewer.state, 'talkEnd');
  const voices = usePart(viewer.state, 'voices');
  const { to, stream, failed } = useStore(speaker.state);
  const { pick } = useFormat();
  const statusText = useStatusText();
  const nameOf = (id: string) => attempts.find((entry) => entry.attempt.id === id)?.attempt.student.displayName ?? '';
  const others = voices.filter(({ attemptId }) => to === undefined || attemptId !== (to === 'all' ? undefined : to.attempt));
  const refused = talkEnd?.problem;
  const ended = to === undefined && talkEnd !== undefined && talkEnd.over !== 'hushed' && talkEnd.over !== 'refused' ? talkEnd.over : undefined;
  return (
    <div className={classes.voices}>
      <div role="status">
        {to !== undefined && (
          <Group
            className={classes.voiceBar}
            data-testid="voice-bar"
            data-to={to === 'all' ? 'all' : to.attempt}
            data-hear={talk?.hear ?? 0}
            data-waiting={talk?.waiting ?? 0}
            data-arrives={talk?.arrives ?? false}
          >
            <IconMicrophone size={22} aria-hidden />
            <Text fw={600}>{to === 'all' ? t('voice.withAll') : t('voice.with', { name: nameOf(to.attempt) })}</Text>
            <Text size="sm">{statusText(to, stream !== undefined, talk)}</Text>
            {stream !== undefined && (
              <div className={classes.voiceLevel}>
                <MicrophoneLevel stream={stream} />
              </div>
            )}
            <Button size="sm" color="red.9" onClick={() => speaker.end()} data-testid="voice-end">
              {t('voice.end')}
            </Button>
          </Group>
        )}
      </div>
      {failed !== undefined && (
        <Alert color="orange" p="xs" icon={<IconMicrophoneOff aria-hidden />} role="alert" data-testid="voice-problem" data-code={failed.problem}>
          <Group justify="space-between">
            <Text size="sm">{t(`voice.device.${deviceText(failed.problem)}`)}</Text>
            <Group gap="xs">
              <Button size="xs" onClick={() => void speaker.begin(failed.to)} data-testid="voice-again">
                {t('voice.again')}
              </Button>
              <Button size="xs" variant="default" onClick={() => speaker.forgive()}>
                {t('voice.hide')}
              </Button>
            </Group>
          </Group>
        </Alert>
      )}
      {to === undefined && (refused !== undefined || ended !== undefined) && (
        <Alert
          color="orange"
          p="xs"
          icon={<IconMicrophoneOff aria-hidden />}
          role="alert"
          withCloseButton
          closeButtonLabel={t('voice.hide')}
          onClose={() => viewer.forgetTalk()}
          data-testid="voice-over"
          data-code={refused?.code ?? ended}
        >
          <Text size="sm">{refused !== undefined ? pick(refused.message) : ended !== undefined && t(`voice.over.${ended}`)}</Text>
        </Alert>
      )}
      {others.length > 0 && (
        <Group className={classes.otherVoices} gap={8} role="status" data-testid="other-voices">
          <IconVolume size={18} aria-hidden />
          <Text size="sm">
            {t('voice.others', {
              list: others
                .map(({ by, attemptId }) => (attemptId === undefined ? t('voice.otherAll', { name: by.name }) : `${by.name} → ${nameOf(attemptId)}`))
                .join('; '),
            })}
          </Text>
        </Group>
      )}
    </div>
  );
}

function deviceText(problem: DeviceProblem): 'denied' | 'no_microphone' | 'busy' | 'unplugged' | 'other' {
  switch (problem) {
    case 'denied':
    case 'denied_system':
      return 'denied';
    case 'no_microphone':
    case 'busy':
    case 'unplugged':
      return problem;
    default:
      return 'other';
  }
}

/** How the talk goes, in words. */
function useStatusText() {
  const { t } = useTranslation('wall');
  return (to: TalkTo, open: boolean, talk: TalkStatus | undefined): string => {
    if (!open) return t('voice.opening');
    if (talk === undefined) return t('voice.connecting');
    if (to !== 'all') {
      if (talk.hear > 0) return talk.arrives ? t('voice.heard') : t('voice.connecting');
      return talk.waiting > 0 ? t('voice.identified') : t('voice.absent');
    }
    const parts = [talk.hear === 0 ? t('voice.nobody') : talk.arrives ? t('voice.hearing', { count: talk.hear }) : t('voice.connecting')];
    if (talk.waiting > 0) parts.push(t('voice.waiting', { count: talk.waiting }));
    return parts.join('. ');
  };
}
