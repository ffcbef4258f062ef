import '@mantine/dates/styles.css';
import 'dayjs/locale/ru';
import { Button, Checkbox, Select } from '@mantine/core';
import { DatePickerInput, DatesProvider } from '@mantine/dates';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { outcomes, type LogFilter } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { recordTypes } from './filter';
import classes from './Log.module.css';
import { StudentSelect } from './StudentSelect';
import { useExamChoices, useLogChoices } from './useLog';

interface LogFiltersProps {
  filter: LogFilter;
  onChange: (filter: LogFilter) => void;
}

type Period = [string | null, string | null];

/** A list with what the address already holds, known or not. */
function withCurrent(list: string[] | null | undefined, current: string | undefined): string[] {
  const all = list ?? [];
  return current === undefined || all.includes(current) ? all : [current, ...all];
}

/** Narrows the log by exam, kind, outcome, student and days. */
export function LogFilters({ filter, onChange }: LogFiltersProps) {
  const { t } = useTranslation(['log', 'common']);
  const { language } = useFormat();
  const exams = useExamChoices();
  const choices = useLogChoices('');
  // A period is being chosen until both its ends are: only then it goes into the address.
  const [choosing, setChoosing] = useState<Period>();
  const period: Period = choosing ?? [filter.from ?? null, filter.to ?? null];
  const set = (change: LogFilter) => onChange({ ...filter, ...change });
  const setPeriod = ([from, to]: Period) => {
    if ((from === null) === (to === null)) {
      setChoosing(undefined);
      set({ from: from ?? '', to: to ?? '' });
    } else {
      setChoosing([from, to]);
    }
  };
  return (
    <div className={classes.filters} role="search" aria-label={t('filter.label')}>
      <Select
        label={t('filter.exam')}
        placeholder={t('filter.all')}
        data={(exams.data?.exams ?? []).map(({ id, title, code }) => ({ value: id, label: `${title} · ${code}` }))}
        value={filter.exam ?? null}
        onChange={(exam) => set({ exam: exam ?? '' })}
        clearable
        searchable
        data-testid="filter-exam"
      />
      <Select
        label={t('filter.type')}
        placeholder={t('filter.all')}
        data={recordTypes.map((type) => ({ value: type, label: t(`type.${type}`) }))}
        value={filter.type ?? null}
        onChange={(type) => set({ type: type ?? '' })}
        clearable
        data-testid="filter-type"
      />
      <Select
        label={t('filter.outcome')}
        placeholder={t('filter.all')}
        data={outcomes.map((outcome) => ({ value: outcome, label: t(`common:outcome.${outcome}`) }))}
        value={filter.outcome ?? null}
        onChange={(outcome) => set({ outcome: outcome ?? '' })}
        clearable
        data-testid="filter-outcome"
      />
      <Select
        label={t('filter.faculty')}
        placeholder={t('filter.all')}
        data={withCurrent(choices.data?.faculties, filter.faculty)}
        value={filter.faculty ?? null}
        onChange={(faculty) => set({ faculty: faculty ?? '' })}
        clearable
        searchable
        data-testid="filter-faculty"
      />
      <Select
        label={t('filter.group')}
        placeholder={t('filter.all')}
        data={withCurrent(choices.data?.groups, filter.group)}
        value={filter.group ?? null}
        onChange={(group) => set({ group: group ?? '' })}
        clearable
        searchable
        data-testid="filter-group"
      />
      <StudentSelect value={filter.person} onChange={(person) => set({ person })} />
      <DatesProvider settings={{ locale: language, firstDayOfWeek: 1 }}>
        <DatePickerInput
          type="range"
          label={t('filter.period')}
          placeholder={t('filter.anyTime')}
          valueFormat="D MMM YYYY"
          allowSingleDateInRange
          clearable
          value={period}
          onChange={setPeriod}
          data-testid="filter-period"
        />
      </DatesProvider>
      <div className={classes.switches}>
        <Checkbox
          label={t('filter.manual')}
          checked={filter.manual === 'true'}
          onChange={(event) => set({ manual: event.currentTarget.checked ? 'true' : '' })}
          data-testid="filter-manual"
        />
        <Checkbox
          label={t('filter.appeals')}
          checked={filter.appeals === 'true'}
          onChange={(event) => set({ appeals: event.currentTarget.checked ? 'true' : '' })}
          data-testid="filter-appeals"
        />
      </div>
      <Button
        variant="subtle"
        disabled={Object.keys(filter).length === 0}
        onClick={() => onChange({})}
        data-testid="filter-clear"
      >
        {t('filter.clear')}
      </Button>
    </div>
  );
}
