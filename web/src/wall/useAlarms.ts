import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, RoomAttempt } from '../api/types';
import { levelOf } from './attention';
import { beep } from '../media/beep';

interface Told {
  /** By what it is told of: the newest that was told. */
  at: string;
}

/** What is told of a student: somebody else seems to sit there, she calls, she wrote. */
function newsOf(attempt: Attempt): { kind: 'alarm' | 'call' | 'message'; at: string | undefined }[] {
  const alarm = levelOf({ attempt, connected: true }) === 'alarm';
  const { call, talk } = attempt;
  return [
    { kind: 'alarm', at: alarm ? attempt.again?.alarmAt : undefined },
    { kind: 'call', at: call !== undefined && call.acknowledgedAt === undefined ? call.at : undefined },
    { kind: 'message', at: talk !== undefined && talk.unreadByStaff > 0 ? `${talk.last} ${talk.unreadByStaff}` : undefined },
  ];
}

/** Tells of each alarm, call and message aloud and on top of the page, once; what ended is taken off the page. */
export function useAlarms(attempts: RoomAttempt[], onOpen: (attemptId: string) => void): void {
  const { t } = useTranslation(['wall', 'common', 'talk']);
  const told = useRef(new Map<string, Told>());
  useEffect(() => {
    for (const { attempt } of attempts) {
      for (const { kind, at } of newsOf(attempt)) {
        const id = `${kind}-${attempt.id}`;
        const known = told.current.get(id)?.at;
        if (at === known) continue;
        if (known !== undefined) notifications.hide(id);
        if (at === undefined) {
          told.current.delete(id);
          continue;
        }
        told.current.set(id, { at });
        beep();
        notifications.show({
          id,
          color: kind === 'alarm' ? 'red' : kind === 'call' ? 'orange' : 'blue',
          autoClose: kind === 'alarm' ? false : 15_000, // the list shows the rest as long as it lasts
          title: kind === 'alarm' ? t('alarm.title') : kind === 'call' ? t('call.calls') : t('message.new'),
          message: attempt.student.displayName,
          closeButtonProps: { 'aria-label': t('common:close') },
          onClick: () => onOpen(attempt.id),
        });
      }
    }
  }, [attempts, onOpen, t]);
}
