import { Anchor, Badge, Group, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconDeviceMobileOff, IconScreenShareOff, IconUser } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import type { Attempt, RoomAttempt } from '../api/types';
import { StreamVideo } from '../media/StreamVideo';
import { useAccommodationWords } from '../i18n/useAccommodationWords';
import type { Speaker } from '../rtc/speaker';
import type { LargeStreams, Viewer } from '../rtc/viewer';
import type { IdentificationPhase } from '../rtc/wire';
import { Conversation } from '../talk/Conversation';
import { unreadOf } from '../talk/useSeen';
import { CallBox } from './CallBox';
import { GateBox } from './GateBox';
import { IdentificationPanel } from './IdentificationPanel';
import { IdentityAlarm } from './IdentityAlarm';
import { LevelMeter } from './LevelMeter';
import { ManualPanel } from './ManualPanel';
import { Phrases } from './Phrases';
import { SoundButton } from './SoundButton';
import { StudentActions } from './StudentActions';
import { StudentNotes } from './StudentNotes';
import { StudentRecord } from './StudentRecord';
import { TalkButton } from './TalkButton';
import { useKeys } from './useKeys';
import { useStatus } from './useStatus';
import classes from './Wall.module.css';

interface LargeStudentProps {
  entry: RoomAttempt;
  phase: IdentificationPhase | undefined;
  streams: LargeStreams | undefined;
  /** The student is listened to; without that her sound is not sent at all. */
  sound: boolean;
  onSound: (attemptId: string, on: boolean) => void;
  viewer: Viewer;
  speaker: Speaker;
}

/** One student large: picture, sound by click, the identification and the proctor's acts. */
export const LargeStudent = memo(function LargeStudent({ entry, phase, streams, sound, onSound, viewer, speaker }: LargeStudentProps) {
  const { t } = useTranslation(['wall', 'common']);
  const stream = streams?.camera;
  const screen = streams?.screen;
  const status = useStatus()(entry, phase);
  const { attempt } = entry;
  const phone = streams?.phone;
  const wantsPhone = entry.connected && attempt.exam.recorded.includes('phone');
  const accommodations = useAccommodationWords()(attempt.exam.accommodation);
  const wantsScreen = entry.connected && attempt.exam.recorded.includes('screen');
  useEffect(() => {
    viewer.look(attempt.id);
    return () => viewer.look(undefined);
  }, [viewer, attempt.id]);
  const navigate = useNavigate();
  const unread = unreadOf(attempt, 'staff');
  const [tab, setTab] = useState<string | null>(unread > 0 ? 'chat' : 'identity');
  const remember = useCallback((changed: Attempt) => viewer.applyAttempt(changed), [viewer]);
  const field = (name: string, testId: string) => () => {
    setTab(name);
    // The tab's panel is there after the next paint.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-testid="${testId}"]`)?.focus());
  };
  useKeys({
    M: field('chat', 'message-field'),
    N: field('notes', 'note-field'),
    S: stream === undefined ? undefined : () => onSound(attempt.id, !sound),
    R: () => void navigate(`/proctor/attempts/${attempt.id}`),
  });
  return (
    <div className={classes.scroll} data-testid="large-student" data-attempt={attempt.id}>
      <div className={classes.pictures} data-screen={screen !== undefined || wantsScreen} data-phone={phone !== undefined || wantsPhone}>
      <div className={classes.large}>
        <StreamVideo
          stream={stream}
          muted={!sound}
          className={classes.picture}
          data-testid="large-video"
          aria-label={attempt.student.displayName}
        />
        {(stream === undefined || !entry.connected) && (
          <span className={classes.nothing}>
            <IconUser size={56} aria-hidden />
            {entry.connected ? t('waitingPicture') : t('common:connection.offline')}
          </span>
        )}
        <LevelMeter levels={viewer.levels} attemptId={attempt.id} />
      </div>
      {(screen !== undefined || wantsScreen) && (
        <div className={classes.large} data-testid="large-screen-place" data-shared={screen !== undefined}>
          {screen === undefined ? (
            <span className={classes.nothing}>
              <IconScreenShareOff size={40} aria-hidden />
              {t('noScreen')}
            </span>
          ) : (
            <StreamVideo stream={screen} className={classes.screenPicture} data-testid="large-screen" aria-label={t('screenOf', { name: attempt.student.displayName })} />
          )}
        </div>
      )}
      {(phone !== undefined || wantsPhone) && (
        <div className={classes.large} data-testid="large-phone-place" data-live={phone !== undefined}>
          {phone === undefined ? (
            <span className={classes.nothing}>
              <IconDeviceMobileOff size={40} aria-hidden />
              {t('noPhone')}
            </span>
          ) : (
            <StreamVideo stream={phone} className={classes.screenPicture} data-testid="large-phone" aria-label={t('phoneOf', { name: attempt.student.displayName })} />
          )}
        </div>
      )}
      </div>
      <Stack className={classes.largeBody} gap="md">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Stack gap={4}>
            <Title order={2} size="h3">
              {attempt.student.displayName}
            </Title>
            <Group gap={8}>
              <Badge color={status.color} variant="light" leftSection={status.icon} size="lg" data-testid="large-state">
                {status.text}
              </Badge>
              {attempt.student.group !== '' && (
                <Text size="sm" c="dimmed">
                  {attempt.student.group}
                </Text>
              )}
              {accommodations.map((words) => (
                <Badge key={words} variant="outline" color="gray.8" size="lg" tt="none" data-testid="accommodation">
                  {words}
                </Badge>
              ))}
              {attempt.charge !== undefined && (
                <Text size="sm" c="dimmed" data-testid="in-charge">
                  {t('charge', { name: attempt.charge.name })}
                </Text>
              )}
            </Group>
          </Stack>
          <Group gap="xs" wrap="nowrap">
            <TalkButton attemptId={attempt.id} connected={entry.connected} viewer={viewer} speaker={speaker} />
            <SoundButton attemptId={attempt.id} able={stream !== undefined} on={sound} onSound={onSound} />
          </Group>
        </Group>
        <CallBox attempt={attempt} viewer={viewer} />
        <GateBox attempt={attempt} viewer={viewer} />
        <IdentityAlarm attempt={attempt} viewer={viewer} />
        {attempt.manual !== undefined && (
          <ManualPanel
            key={attempt.manual.id + String(attempt.manual.first)}
            attempt={attempt}
            manual={attempt.manual}
            connected={entry.connected}
            viewer={viewer}
          />
        )}
        <StudentActions attempt={attempt} connected={entry.connected} viewer={viewer} />
        <StudentRecord attempt={attempt} viewer={viewer} />
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List grow>
            <Tabs.Tab value="chat" data-testid="tab-chat" rightSection={unread > 0 ? <Badge circle color="red.9">{unread}</Badge> : undefined}>
              {t('tabs.chat')}
            </Tabs.Tab>
            <Tabs.Tab value="identity" data-testid="tab-identity">
              {t('tabs.identity')}
            </Tabs.Tab>
            <Tabs.Tab value="notes" data-testid="tab-notes">
              {t('tabs.notes')}
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="chat" pt="sm">
            <Conversation attempt={attempt} side="staff" onChanged={remember} tools={Phrases} />
          </Tabs.Panel>
          <Tabs.Panel value="identity" pt="sm">
            <IdentificationPanel attempt={attempt} />
          </Tabs.Panel>
          <Tabs.Panel value="notes" pt="sm">
            <StudentNotes attemptId={attempt.id} />
          </Tabs.Panel>
        </Tabs>
        <Anchor component={Link} to={`/proctor/attempts/${attempt.id}`} size="sm" data-testid="open-review">
          {t('openReview')}
        </Anchor>
      </Stack>
    </div>
  );
});
