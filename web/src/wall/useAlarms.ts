import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import { beep } from './beep';

/** Tells of each new alarm aloud and on top of the page, once. */
export function useAlarms(attempts: RoomAttempt[]): void {
  const { t } = useTranslation(['wall', 'common']);
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const { attempt } of attempts) {
      const at = attempt.again?.alarmAt;
      if (at === undefined || told.current.has(attempt.id + at)) continue;
      told.current.add(attempt.id + at);
      beep();
      notifications.show({
        color: 'red',
        autoClose: false,
        title: t('alarm.title'),
        message: attempt.student.displayName,
        closeButtonProps: { 'aria-label': t('common:close') },
      });
    }
  }, [attempts, t]);
}
