import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import { levelOf } from './attention';
import { beep } from './beep';

/** Tells of each new alarm aloud and on top of the page, once; what ended is taken off the page. */
export function useAlarms(attempts: RoomAttempt[]): void {
  const { t } = useTranslation(['wall', 'common']);
  /** By attempt: since when. */
  const told = useRef(new Map<string, string>());
  useEffect(() => {
    for (const { attempt } of attempts) {
      const at = levelOf({ attempt, connected: true }) === 'alarm' ? attempt.again?.alarmAt : undefined;
      const known = told.current.get(attempt.id);
      if (at === known) continue;
      if (known !== undefined) notifications.hide(`alarm-${attempt.id}`);
      if (at === undefined) {
        told.current.delete(attempt.id);
        continue;
      }
      told.current.set(attempt.id, at);
      beep();
      notifications.show({
        id: `alarm-${attempt.id}`,
        color: 'red',
        autoClose: false,
        title: t('alarm.title'),
        message: attempt.student.displayName,
        closeButtonProps: { 'aria-label': t('common:close') },
      });
    }
  }, [attempts, t]);
}
