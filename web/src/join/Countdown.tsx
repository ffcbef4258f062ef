import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ExamCard } from '../api/types';
import { clock } from '../i18n/clock';
import { useServerClock } from './useServerClock';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long until the exam begins, by the server's clock; the last minutes run. */
export function Countdown({ card }: { card: ExamCard }) {
  const { t } = useTranslation(['way', 'join']);
  const now = useServerClock();
  const left = Date.parse(card.startsAt) - now;
  if (now > Date.parse(card.endsAt)) return <Badge size="xl" color="gray">{t('join:card.over')}</Badge>;
  if (left <= 0) return <Badge size="xl" color="teal" variant="light">{t('join:card.running')}</Badge>;
  const words = () => {
    if (left >= 2 * day) return t('countdown.days', { count: Math.floor(left / day) });
    if (left >= 90 * minute) return t('countdown.hours', { hours: Math.floor(left / hour), minutes: Math.floor((left % hour) / minute) });
    if (left >= 5 * minute) return t('countdown.minutes', { count: Math.ceil(left / minute) });
    return t('countdown.clock', { time: clock(left) });
  };
  return (
    <Badge size="xl" variant="light" data-testid="countdown" role="timer" aria-live="off">
      {words()}
    </Badge>
  );
}
