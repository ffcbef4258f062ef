import { Group, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import { Phrases } from './Phrases';
import classes from './Wall.module.css';

interface AnnounceModalProps {
  examId: string;
  opened: boolean;
  onClose: () => void;
}

/** A word to everybody in the exam, and what was announced before. */
export function AnnounceModal({ examId, opened, onClose }: AnnounceModalProps) {
  const { t } = useTranslation(['wall', 'common']);
  const { time } = useFormat();
  const [text, setText] = useState('');
  const said = useQuery({ queryKey: ['announcements', examId], queryFn: ({ signal }) => api.announcements(examId, signal), enabled: opened });
  const announce = useMutation({
    mutationFn: () => api.announce(examId, text.trim()),
    onSuccess: () => {
      setText('');
      void said.refetch();
      notifications.show({ color: 'teal', message: t('announce.done'), closeButtonProps: { 'aria-label': t('common:close') } });
      onClose();
    },
  });
  const before = said.data?.messages.slice(-5) ?? [];
  return (
    <ConfirmModal
      opened={opened}
      title={t('announce.title')}
      text={t('announce.text')}
      confirmLabel={t('announce.confirm')}
      pending={announce.isPending}
      error={announce.error}
      onConfirm={() => text.trim() !== '' && announce.mutate()}
      onClose={onClose}
      testId="announce"
    >
      {before.length > 0 && (
        <Stack gap={4}>
          <Text size="xs" c="dimmed">
            {t('announce.before')}
          </Text>
          {before.map((message) => (
            <Text key={message.id} size="sm" className={classes.note}>
              {time(message.at)} · {message.text}
            </Text>
          ))}
        </Stack>
      )}
      <Group align="flex-end" wrap="nowrap" gap="xs">
        <Phrases onChoose={setText} />
        <Textarea
          flex={1}
          label={t('announce.field')}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={1000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
          data-testid="announce-field"
        />
      </Group>
    </ConfirmModal>
  );
}
