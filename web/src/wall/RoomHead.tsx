import { Group, Text, Title } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExamRoom } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Speaker } from '../rtc/speaker';
import type { Viewer } from '../rtc/viewer';
import { ConnectionAlert } from './ConnectionAlert';
import { countRoom } from './attention';
import { Counter } from './Counter';
import { RoomActions } from './RoomActions';
import classes from './Wall.module.css';

interface RoomHeadProps {
  room: ExamRoom;
  viewer: Viewer;
  speaker: Speaker;
}

/** The exam, its numbers, the connection of this page, and what is done with all. */
export const RoomHead = memo(function RoomHead({ room, viewer, speaker }: RoomHeadProps) {
  const { t } = useTranslation('wall');
  const counts = countRoom(room.attempts);
  return (
    <div className={classes.head}>
      <RoomTitle exam={room.exam} />
      <Group gap="md" aria-live="polite">
        <Counter value={Math.max(room.exam.counts.roster, counts.roster)} label={t('count.roster')} />
        <Counter value={counts.connected} label={t('count.connected')} />
        <Counter value={counts.unidentified} label={t('count.unidentified')} color="orange" />
        <Counter value={counts.lost} label={t('count.lost')} color="grape" />
        <Counter value={counts.inProgress} label={t('count.inProgress')} />
        <Counter value={counts.finished} label={t('count.finished')} />
      </Group>
      <RoomActions examId={room.exam.id} viewer={viewer} speaker={speaker} identified={counts.identified} inProgress={counts.inProgress} />
      <ConnectionAlert viewer={viewer} />
    </div>
  );
});

/** Apart from the numbers: these change with the students, the exam does not. */
const RoomTitle = memo(function RoomTitle({ exam }: { exam: ExamRoom['exam'] }) {
  const format = useFormat();
  return (
    <div className={classes.headTitle}>
      <Title order={1} size="h3" lineClamp={2}>
        {exam.title}
      </Title>
      <Text size="sm" c="dimmed">
        {format.period(exam.startsAt, exam.endsAt)} · {exam.code}
      </Text>
    </div>
  );
});
