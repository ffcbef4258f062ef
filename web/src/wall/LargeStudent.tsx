import { ActionIcon, Anchor, Badge, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconUser, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { RoomAttempt } from '../api/types';
import { StreamVideo } from '../media/StreamVideo';
import type { Viewer } from '../rtc/viewer';
import type { IdentificationPhase } from '../rtc/wire';
import { IdentificationPanel } from './IdentificationPanel';
import { IdentityAlarm } from './IdentityAlarm';
import { ManualPanel } from './ManualPanel';
import { StudentActions } from './StudentActions';
import { useStatus } from './useStatus';
import classes from './Wall.module.css';

interface LargeStudentProps {
  entry: RoomAttempt;
  phase: IdentificationPhase | undefined;
  stream: MediaStream | undefined;
  viewer: Viewer;
}

/** One student large: picture, sound by click, the identification and the proctor's acts. */
export function LargeStudent({ entry, phase, stream, viewer }: LargeStudentProps) {
  const { t } = useTranslation(['wall', 'common']);
  const [sound, setSound] = useState(false);
  const status = useStatus()(entry, phase);
  const { attempt } = entry;
  useEffect(() => {
    viewer.look(attempt.id);
    return () => viewer.look(undefined);
  }, [viewer, attempt.id]);
  const soundLabel = sound ? t('sound.off') : t('sound.on');
  return (
    <div className={classes.scroll} data-testid="large-student" data-attempt={attempt.id}>
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
            </Group>
          </Stack>
          <Tooltip label={soundLabel}>
            <ActionIcon
              size="xl"
              variant={sound ? 'filled' : 'light'}
              disabled={stream === undefined}
              aria-label={soundLabel}
              aria-pressed={sound}
              onClick={() => setSound(!sound)}
              data-testid="sound"
            >
              {sound ? <IconVolume aria-hidden /> : <IconVolumeOff aria-hidden />}
            </ActionIcon>
          </Tooltip>
        </Group>
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
        <IdentificationPanel attempt={attempt} />
        <Anchor component={Link} to={`/proctor/attempts/${attempt.id}`} size="sm" data-testid="open-review">
          {t('openReview')}
        </Anchor>
      </Stack>
    </div>
  );
}
