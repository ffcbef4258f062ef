import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconFlag,
  IconHandStop,
  IconShieldX,
  IconUserQuestion,
  IconWifiOff,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import type { IdentificationPhase } from '../rtc/wire';
import { breakIsOver, levelOf, type Level } from './attention';

export interface Status {
  level: Level;
  color: string;
  icon: ReactNode;
  text: string;
}

const look: Record<Level, { color: string; icon: ReactNode }> = {
  alarm: { color: 'red', icon: <IconShieldX size={18} aria-hidden /> },
  call: { color: 'orange', icon: <IconHandStop size={18} aria-hidden /> },
  flagged: { color: 'yellow', icon: <IconFlag size={18} aria-hidden /> },
  help: { color: 'red', icon: <IconAlertTriangle size={18} aria-hidden /> },
  unidentified: { color: 'orange', icon: <IconUserQuestion size={18} aria-hidden /> },
  lost: { color: 'grape', icon: <IconWifiOff size={18} aria-hidden /> },
  calm: { color: 'teal', icon: <IconCircleCheck size={18} aria-hidden /> },
  absent: { color: 'gray', icon: <IconCircleDashed size={18} aria-hidden /> },
  done: { color: 'gray', icon: <IconCircleMinus size={18} aria-hidden /> },
};

/** A student's state as a colour, a sign and words: never a colour alone. */
export function useStatus(): (entry: RoomAttempt, phase: IdentificationPhase | undefined) => Status {
  const { t } = useTranslation(['wall', 'common', 'talk']);
  const flag = ({ attempt }: RoomAttempt): string => {
    const unread = attempt.talk?.unreadByStaff ?? 0;
    if (attempt.call !== undefined) return t('status.callTaken', { name: attempt.call.acknowledgedBy ?? '' });
    if (unread > 0) return t('status.unread', { count: unread });
    return breakIsOver(attempt) ? t('status.breakOver') : t('status.flags', { count: attempt.flags ?? 0 });
  };
  const words = (entry: RoomAttempt, level: Level, phase: IdentificationPhase | undefined): string => {
    if (level === 'alarm') return t('status.alarm');
    if (level === 'call') return t('status.call', { reason: t(`talk:call.${entry.attempt.call?.reason ?? 'other'}`) });
    if (entry.attempt.state === 'identified') return t('status.identified');
    if (level === 'flagged') return flag(entry);
    if (entry.attempt.state === 'manual_identification') {
      return entry.attempt.manual?.first === undefined ? t('status.manual') : t('status.manualSecond');
    }
    if (level === 'help') return t('status.help');
    if (level === 'lost') return t('status.lost');
    if (level === 'unidentified' && phase !== undefined) {
      if (phase.phase === 'looking') return phase.hint === undefined ? t('status.looking') : t(`hint.${phase.hint}`);
      if (phase.phase === 'challenge') return t('status.challenge');
      if (phase.phase === 'away') return t('status.away');
      if (phase.phase === 'verifying') return t('status.verifying');
    }
    if (level === 'unidentified' && entry.attempt.waiting !== undefined) return t('status.outage');
    if (level === 'calm' && entry.attempt.breaks?.since !== undefined) return t('status.break');
    if (level === 'calm' && entry.attempt.again?.demandedAt !== undefined) return t('status.again');
    if (level === 'absent') return entry.attempt.state === 'registered' ? t('status.absent') : t('status.left');
    if (level === 'unidentified' && entry.attempt.lastIdentification !== undefined) return t('status.failed');
    if (entry.attempt.state === 'declined' && entry.attempt.stateReason === 'consent_withdrawn') return t('status.withdrawn');
    return t(`common:state.${entry.attempt.state}`);
  };
  return (entry, phase) => {
    const level = levelOf(entry);
    return { level, ...look[level], text: words(entry, level, phase) };
  };
}
