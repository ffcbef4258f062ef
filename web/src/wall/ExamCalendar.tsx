import '@mantine/dates/styles.css';
import { Indicator } from '@mantine/core';
import { Calendar, DatesProvider } from '@mantine/dates';
import 'dayjs/locale/ru';
import { useTranslation } from 'react-i18next';
import type { ExamSummary } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { daysOf, type Span } from './calendar';
import classes from './Wall.module.css';

interface ExamCalendarProps {
  days: ReadonlyMap<string, ExamSummary[]>;
  day: string;
  span: Span;
  onDay: (day: string) => void;
}

/** A month with the days that have exams; the chosen day, or its week, is marked. */
export function ExamCalendar({ days, day, span, onDay }: ExamCalendarProps) {
  const { t, i18n } = useTranslation('wall');
  const format = useFormat();
  const chosen = new Set(daysOf(day, span));
  return (
    <DatesProvider settings={{ locale: i18n.language === 'en' ? 'en' : 'ru', firstDayOfWeek: 1 }}>
      <div className={classes.calendar} data-testid="exam-calendar">
        <Calendar
          highlightToday
          hideOutsideDates
          defaultDate={day}
          onDateChange={(shown) => span === 'month' && onDay(shown)}
          ariaLabels={{ nextMonth: t('calendar.next'), previousMonth: t('calendar.previous') }}
          getDayProps={(date) => ({
            selected: span !== 'month' && chosen.has(date),
            onClick: () => onDay(date),
            'aria-label': t('calendar.day', { date: format.date(`${date}T12:00:00`), count: days.get(date)?.length ?? 0 }),
            'data-exams': days.get(date)?.length ?? 0,
          })}
          renderDay={(date) => (
            <Indicator size={9} offset={-4} color="orange.6" withBorder disabled={!days.has(date)}>
              <span>{Number(date.slice(-2))}</span>
            </Indicator>
          )}
        />
      </div>
    </DatesProvider>
  );
}
