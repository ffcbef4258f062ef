import { Alert, Button, Group, Text, Title } from '@mantine/core';
import { IconWifiOff } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExamRoom, StaffCard } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { SocketStatus } from '../rtc/socket';
import type { Speaker } from '../rtc/speaker';
import type { Viewer } from '../rtc/viewer';
import { countRoom } from './attention';
import { Counter } from './Counter';
import { RoomActions } from './RoomActions';
import classes from './Wall.module.css';

interface RoomHeadProps {
  room: ExamRoom;
  viewer: Viewer;
  speaker: Speaker;
  socket: SocketStatus;
  /** Who have the room open. */
  people: StaffCard[];
}

/** The exam, its numbers, the connection of this page, and what is done with all. */
export const RoomHead = memo(function RoomHead({ room, viewer, speaker, socket, people }: RoomHeadProps) {
  const { t } = useTranslation(['wall', 'common']);
  const format = useFormat();
  const counts = countRoom(room.attempts);
  const lost = socket.phase === 'waiting' || (socket.phase === 'connecting' && socket.failures > 0);
  return (
    <div className={classes.head}>
      <div className={classes.headTitle}>
        <Title order={1} size="h3" lineClamp={2}>
          {room.exam.title}
        </Title>
        <Text size="sm" c="dimmed">
          {format.period(room.exam.startsAt, room.exam.endsAt)} · {room.exam.code}
        </Text>
      </div>
      <Group gap="md" aria-live="polite">
        <Counter value={Math.max(room.exam.counts.roster, counts.roster)} label={t('count.roster')} />
        <Counter value={counts.connected} label={t('count.connected')} />
        <Counter value={counts.unidentified} label={t('count.unidentified')} color="orange" />
        <Counter value={counts.lost} label={t('count.lost')} color="grape" />
        <Counter value={counts.inProgress} label={t('count.inProgress')} />
        <Counter value={counts.finished} label={t('count.finished')} />
      </Group>
      <RoomActions examId={room.exam.id} viewer={viewer} speaker={speaker} people={people} identified={counts.identified} inProgress={counts.inProgress} />
      {(lost || socket.closeCode !== 0) && (
        <Alert
          w="100%"
          p="xs"
          color={lost ? 'gray' : 'orange'}
          icon={<IconWifiOff aria-hidden />}
          role="status"
          data-testid="connection-lost"
        >
          <Group>
            <Text size="sm">
              {lost ? t('common:connection.lost') : t('common:connection.refused', { code: socket.closeCode })}
            </Text>
            {!lost && (
              <Button size="xs" variant="light" onClick={() => viewer.start()}>
                {t('common:connection.here')}
              </Button>
            )}
          </Group>
        </Alert>
      )}
    </div>
  );
});
