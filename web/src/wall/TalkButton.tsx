import { ActionIcon, Tooltip } from '@mantine/core';
import { IconMicrophone, IconMicrophoneFilled } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Speaker } from '../rtc/speaker';
import { usePart } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';

interface TalkButtonProps {
  attemptId: string;
  connected: boolean;
  viewer: Viewer;
  speaker: Speaker;
}

/** Speaks to one student aloud, until it is pressed again. */
export const TalkButton = memo(function TalkButton({ attemptId, connected, viewer, speaker }: TalkButtonProps) {
  const { t } = useTranslation('wall');
  const to = usePart(speaker.state, 'to');
  const voices = usePart(viewer.state, 'voices');
  const speaking = to !== undefined && to !== 'all' && to.attempt === attemptId;
  // Whoever speaks to her already, or to everybody, comes first; the proctor's own talk to everybody she may change for this one.
  const other = speaking || to === 'all' ? undefined : voices.find((voice) => voice.attemptId === attemptId || voice.attemptId === undefined);
  const label = speaking ? t('voice.stop') : !connected ? t('voice.unheard') : other === undefined ? t('voice.talk') : t('voice.taken', { name: other.by.name });
  return (
    <Tooltip label={label}>
      <ActionIcon
        size="xl"
        variant={speaking ? 'filled' : 'light'}
        color={speaking ? 'red.9' : undefined}
        disabled={!speaking && (!connected || other !== undefined)}
        aria-label={label}
        aria-pressed={speaking}
        onClick={() => (speaking ? speaker.end() : void speaker.begin({ attempt: attemptId }))}
        data-testid="talk"
      >
        {speaking ? <IconMicrophoneFilled aria-hidden /> : <IconMicrophone aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
});
