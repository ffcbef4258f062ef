import { ActionIcon, Tooltip } from '@mantine/core';
import { IconMicrophone, IconMicrophoneFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Speaker } from '../rtc/speaker';
import { usePart } from '../rtc/useStore';

/** Speaks to everybody aloud, until it is pressed again. */
export function TalkAllButton({ speaker }: { speaker: Speaker }) {
  const { t } = useTranslation('wall');
  const speaking = usePart(speaker.state, 'to') === 'all';
  const label = speaking ? t('voice.stopAll') : t('voice.all');
  return (
    <Tooltip label={label}>
      <ActionIcon
        size={36}
        variant={speaking ? 'filled' : 'default'}
        color={speaking ? 'red.9' : undefined}
        aria-label={label}
        aria-pressed={speaking}
        onClick={() => (speaking ? speaker.end() : void speaker.begin('all'))}
        data-testid="talk-all"
      >
        {speaking ? <IconMicrophoneFilled size={18} aria-hidden /> : <IconMicrophone size={18} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
