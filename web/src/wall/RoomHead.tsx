import { ActionIcon, Alert, Button, Group, Text, Title, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconKeyboard, IconSpeakerphone, IconWifiOff } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ExamRoom } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { useStore } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';
import { AnnounceModal } from './AnnounceModal';
import { countRoom } from './attention';
import { Counter } from './Counter';
import { DutyMenu } from './DutyMenu';
import { HandOverModal } from './HandOverModal';
import { KeysModal } from './KeysModal';
import { useKeys } from './useKeys';
import classes from './Wall.module.css';

interface RoomHeadProps {
  room: ExamRoom;
  viewer: Viewer;
}

/** The exam, its numbers, the connection of this page, and the end for all. */
export function RoomHead({ room, viewer }: RoomHeadProps) {
  const { t } = useTranslation(['wall', 'common']);
  const format = useFormat();
  const { socket, people } = useStore(viewer.state);
  const [ending, setEnding] = useState(false);
  const [open, setOpen] = useState<'announce' | 'handOver' | 'keys'>();
  const close = () => setOpen(undefined);
  const counts = countRoom(room.attempts);
  const finish = useMutation({
    mutationFn: () => api.finishExam(room.exam.id),
    onSuccess: (ended) => {
      viewer.applyRoom(ended);
      setEnding(false);
    },
  });
  const admitAll = useMutation({
    mutationFn: () => api.admitAll(room.exam.id),
    onSuccess: ({ admitted }) =>
      notifications.show({
        color: 'teal',
        message: t('gate.allDone', { count: admitted }),
        closeButtonProps: { 'aria-label': t('common:close') },
      }),
  });
  useKeys({
    G: () => setOpen('announce'),
    'shift+A': counts.identified > 0 ? () => admitAll.mutate() : undefined,
    'shift+Slash': () => setOpen('keys'),
  });
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
      <Group gap="xs">
        {counts.identified > 0 && (
          <Button size="sm" loading={admitAll.isPending} onClick={() => admitAll.mutate()} data-testid="admit-all">
            {t('gate.all', { count: counts.identified })}
          </Button>
        )}
        <Button size="sm" variant="default" leftSection={<IconSpeakerphone size={18} aria-hidden />} onClick={() => setOpen('announce')} data-testid="announce">
          {t('announce.open')}
        </Button>
        <DutyMenu examId={room.exam.id} people={people} onHandOver={() => setOpen('handOver')} />
        <Tooltip label={t('keys.title')}>
          <ActionIcon size={36} variant="default" aria-label={t('keys.title')} onClick={() => setOpen('keys')} data-testid="keys">
            <IconKeyboard size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Button variant="light" color="red" size="sm" onClick={() => setEnding(true)} data-testid="end-exam">
          {t('end.all')}
        </Button>
      </Group>
      {admitAll.isError && <ProblemAlert error={admitAll.error} />}
      <AnnounceModal examId={room.exam.id} opened={open === 'announce'} onClose={close} />
      <HandOverModal examId={room.exam.id} attempts={[]} opened={open === 'handOver'} onClose={close} />
      <KeysModal opened={open === 'keys'} onClose={close} />
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
      <ConfirmModal
        opened={ending}
        danger
        title={t('end.allTitle')}
        text={t('end.allText', { count: counts.inProgress })}
        confirmLabel={t('end.allConfirm')}
        pending={finish.isPending}
        error={finish.error}
        onConfirm={() => finish.mutate()}
        onClose={() => setEnding(false)}
        testId="end-exam"
      />
    </div>
  );
}
