import { ActionIcon, Text, Textarea } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useEffect, useRef, useState, type ComponentType, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import { MessageBubble } from './MessageBubble';
import classes from './Talk.module.css';
import { useConversation, useSay } from './useConversation';
import { useSeen, type Side } from './useSeen';

interface ConversationProps {
  attempt: Attempt;
  side: Side;
  onChanged: (attempt: Attempt) => void;
  /** As tall as the window lets it. */
  tall?: boolean;
  /** Beside the field: what puts a text into it. */
  tools?: ComponentType<{ onChoose: (text: string) => void }>;
}

const longest = 1000;

/** The messages between a student and the staff, and the field for one more. */
export function Conversation({ attempt, side, onChanged, tall = false, tools: Tools }: ConversationProps) {
  const { t } = useTranslation('talk');
  const [text, setText] = useState('');
  const history = useConversation(attempt);
  const say = useSay(attempt);
  const log = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const messages = history.data?.messages ?? [];
  const newest = messages.at(-1)?.number ?? 0;
  useSeen(attempt, side, newest, onChanged);
  useEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [newest]);

  const send = () => {
    const written = text.trim();
    if (written === '' || say.isPending) return;
    say.mutate(written, { onSuccess: () => setText('') });
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const write = (phrase: string) => {
    setText(phrase);
    field.current?.focus();
  };
  return (
    <div className={`${classes.talk} ${tall ? classes.tall : ''}`} data-testid="conversation">
      <div className={classes.log} ref={log} role="log" aria-label={t('log')} tabIndex={0} data-testid="messages">
        {messages.map((message) => (
          <MessageBubble key={message.id} message={message} own={!message.toAll && message.fromStudent === (side === 'student')} />
        ))}
        {messages.length === 0 && !history.isPending && (
          <Text size="sm" c="dimmed">
            {side === 'student' ? t('emptyStudent') : t('emptyStaff')}
          </Text>
        )}
      </div>
      {history.isError && <ProblemAlert error={history.error} onRetry={() => void history.refetch()} />}
      {say.isError && <ProblemAlert error={say.error} />}
      <div className={classes.compose}>
        {Tools !== undefined && <Tools onChoose={write} />}
        <Textarea
          ref={field}
          className={classes.field}
          aria-label={t('field')}
          placeholder={side === 'student' ? t('toProctor') : t('toStudent')}
          autosize
          minRows={1}
          maxRows={4}
          maxLength={longest}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={keys}
          data-testid="message-field"
        />
        <ActionIcon size={36} aria-label={t('send')} loading={say.isPending} disabled={text.trim() === ''} onClick={send} data-testid="message-send">
          <IconSend size={18} aria-hidden />
        </ActionIcon>
      </div>
    </div>
  );
}
