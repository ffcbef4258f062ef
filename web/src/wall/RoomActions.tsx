import { ActionIcon, Button, Group, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconKeyboard, IconSpeakerphone } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Speaker } from '../rtc/speaker';
import { usePart } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';
import { AnnounceModal } from './AnnounceModal';
import { DutyMenu } from './DutyMenu';
import { HandOverModal } from './HandOverModal';
import { KeysModal } from './KeysModal';
import { TalkAllButton } from './TalkAllButton';
import { useKeys } from './useKeys';

interface RoomActionsProps {
  examId: string;
  viewer: Viewer;
  speaker: Speaker;
  /** How many wait to be let in. */
  identified: number;
  /** How many write the exam. */
  inProgress: number;
}

/** What is done with the whole room. It is made anew only when one of its numbers changes, not with every change of a student. */
export const RoomActions = memo(function RoomActions({ examId, viewer, speaker, identified, inProgress }: RoomActionsProps) {
  const { t } = useTranslation(['wall', 'common']);
  const people = usePart(viewer.state, 'people');
  const [ending, setEnding] = useState(false);
  const [open, setOpen] = useState<'announce' | 'handOver' | 'keys'>();
  const close = () => setOpen(undefined);
  const finish = useMutation({
    mutationFn: () => api.finishExam(examId),
    onSuccess: (ended) => {
      viewer.applyRoom(ended);
      setEnding(false);
    },
  });
  const admitAll = useMutation({
    mutationFn: () => api.admitAll(examId),
    onSuccess: ({ admitted }) =>
      notifications.show({
        color: 'teal',
        message: t('gate.allDone', { count: admitted }),
        closeButtonProps: { 'aria-label': t('common:close') },
      }),
  });
  useKeys({
    G: () => setOpen('announce'),
    'shift+A': identified > 0 ? () => admitAll.mutate() : undefined,
    'shift+Slash': () => setOpen('keys'),
  });
  return (
    <>
      <Group gap="xs">
        {identified > 0 && (
          <Button size="sm" loading={admitAll.isPending} onClick={() => admitAll.mutate()} data-testid="admit-all">
            {t('gate.all', { count: identified })}
          </Button>
        )}
        <Button size="sm" variant="default" leftSection={<IconSpeakerphone size={18} aria-hidden />} onClick={() => setOpen('announce')} data-testid="announce">
          {t('announce.open')}
        </Button>
        <TalkAllButton speaker={speaker} />
        <DutyMenu examId={examId} people={people} onHandOver={() => setOpen('handOver')} />
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
      <AnnounceModal examId={examId} opened={open === 'announce'} onClose={close} />
      <HandOverModal examId={examId} attempts={[]} opened={open === 'handOver'} onClose={close} />
      <KeysModal opened={open === 'keys'} onClose={close} />
      <ConfirmModal
        opened={ending}
        danger
        title={t('end.allTitle')}
        text={t('end.allText', { count: inProgress })}
        confirmLabel={t('end.allConfirm')}
        pending={finish.isPending}
        error={finish.error}
        onConfirm={() => finish.mutate()}
        onClose={() => setEnding(false)}
        testId="end-exam"
      />
    </>
  );
});
