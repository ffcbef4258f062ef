import { Button, Drawer, Indicator } from '@mantine/core';
import { IconHandStop, IconMessage } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { Conversation } from '../talk/Conversation';
import { unreadOf } from '../talk/useSeen';
import { rememberAttempt } from './attempt';
import { CallModal } from './CallModal';
import { CallStatus } from './CallStatus';
import classes from './Join.module.css';
import { NewMessage } from './NewMessage';
import { useHeard } from './useHeard';

const reachable: Attempt['state'][] = [
  'registered', 'ready', 'identifying', 'identified', 'manual_identification', 'admitted', 'in_progress', 'paused',
];

/** At hand on every step: call the proctor, write to her, read what she says. */
export function HelpDock({ attempt, children }: { attempt: Attempt; children?: ReactNode }) {
  const { t } = useTranslation(['join', 'common']);
  const client = useQueryClient();
  const [talking, setTalking] = useState(false);
  const [calling, setCalling] = useState(false);
  const remember = useCallback((changed: Attempt) => rememberAttempt(client, changed), [client]);
  useHeard(attempt);
  if (!reachable.includes(attempt.state)) return null;
  const unread = unreadOf(attempt, 'student');
  return (
    <aside className={classes.dock} aria-label={t('help.label')} data-testid="help-dock">
      {children}
      {attempt.call !== undefined && <CallStatus attempt={attempt} call={attempt.call} />}
      {unread > 0 && !talking && <NewMessage attempt={attempt} unread={unread} onOpen={() => setTalking(true)} />}
      <div className={classes.dockButtons}>
        {attempt.call === undefined && (
          <Button size="md" variant="default" leftSection={<IconHandStop size={20} aria-hidden />} onClick={() => setCalling(true)} data-testid="call-proctor">
            {t('help.call')}
          </Button>
        )}
        <Indicator label={unread} size={20} disabled={unread === 0} color="red.9">
          <Button size="md" variant="default" leftSection={<IconMessage size={20} aria-hidden />} onClick={() => setTalking(true)} data-testid="open-chat" data-unread={unread}>
            {t('help.chat')}
          </Button>
        </Indicator>
      </div>
      <CallModal attempt={attempt} opened={calling} onClose={() => setCalling(false)} />
      <Drawer
        opened={talking}
        onClose={() => setTalking(false)}
        position="right"
        title={t('help.chatTitle')}
        closeButtonProps={{ 'aria-label': t('common:close') }}
      >
        <Conversation attempt={attempt} side="student" onChanged={remember} tall />
      </Drawer>
    </aside>
  );
}
