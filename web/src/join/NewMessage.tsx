import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useConversation } from '../talk/useConversation';
import classes from './Join.module.css';

interface NewMessageProps {
  attempt: Attempt;
  unread: number;
  onOpen: () => void;
}

/** What the proctor has just written, where the student looks. */
export function NewMessage({ attempt, unread, onOpen }: NewMessageProps) {
  const { t } = useTranslation('join');
  const { data } = useConversation(attempt);
  const newest = data?.messages.filter((message) => !message.fromStudent).at(-1);
  return (
    <div className={classes.dockNote} role="status" data-testid="new-message">
      <Text size="sm" c="dimmed">
        {newest === undefined ? t('help.unread', { count: unread }) : newest.toAll ? t('help.toAll', { name: newest.sender }) : newest.sender}
      </Text>
      {newest !== undefined && (
        <Text size="md" lineClamp={4}>
          {newest.text}
        </Text>
      )}
      <Group justify="flex-end">
        <Button size="sm" variant="light" onClick={onOpen} data-testid="answer-message">
          {t('help.open')}
        </Button>
      </Group>
    </div>
  );
}
