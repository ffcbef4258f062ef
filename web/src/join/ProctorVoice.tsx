import { Button, Group, Text } from '@mantine/core';
import { IconVolume } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import classes from './Join.module.css';
import { useLive } from './live';

/** Plays what a proctor says aloud, and says who speaks. The sound is there all the time; most of it is silence. */
export function ProctorVoice() {
  const { t } = useTranslation('join');
  const { voice, sound } = useStore(useLive().publisher.state);
  const audio = useRef<HTMLAudioElement>(null);
  const [refused, setRefused] = useState(false);
  const play = useCallback(() => {
    const element = audio.current;
    if (element?.srcObject == null) return;
    element.play().then(
      () => setRefused(false),
      // Another stream has come meanwhile, which is played by itself; only a refusal needs a click.
      (error: unknown) => error instanceof Error && error.name === 'NotAllowedError' && setRefused(true),
    );
  }, []);
  useEffect(() => {
    const element = audio.current;
    if (element === null || sound === undefined) return undefined;
    element.srcObject = new MediaStream([sound]);
    play();
    return () => {
      element.srcObject = null;
    };
  }, [sound, play]);
  const speaks = voice !== undefined;
  useEffect(() => {
    if (speaks && audio.current?.paused === true) play();
  }, [speaks, play]);
  return (
    <>
      <audio ref={audio} data-testid="proctor-sound" />
      <div role="status" className={classes.voice}>
        {voice !== undefined && (
          <div className={classes.dockNote} data-speaks data-testid="proctor-voice" data-all={voice.toAll} data-refused={refused}>
            <Group wrap="nowrap" gap="sm" align="flex-start">
              <IconVolume size={26} aria-hidden className={classes.voiceSign} />
              <div>
                <Text size="lg" fw={600}>
                  {voice.toAll ? t('help.voiceAll') : t('help.voice')}
                </Text>
                <Text size="md">{voice.toAll ? t('help.voiceAllWho', { name: voice.by }) : t('help.voiceWho', { name: voice.by })}</Text>
                {refused && (
                  <Group gap="sm" mt="xs">
                    <Text size="sm">{t('help.voiceRefused')}</Text>
                    <Button size="md" onClick={play} data-testid="proctor-voice-play">
                      {t('help.voicePlay')}
                    </Button>
                  </Group>
                )}
              </div>
            </Group>
          </div>
        )}
      </div>
    </>
  );
}
