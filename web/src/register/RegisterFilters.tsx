import '@mantine/dates/styles.css';
import 'dayjs/locale/ru';
import { Button, NumberInput, Select } from '@mantine/core';
import { DatePickerInput, DatesProvider } from '@mantine/dates';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConsentFilter } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { StudentSelect } from '../log/StudentSelect';
import { useExamChoices } from '../log/useLog';
import { consentStates } from './filter';
import classes from './Register.module.css';

interface RegisterFiltersProps {
  filter: ConsentFilter;
  onChange: (filter: ConsentFilter) => void;
}

type Period = [string | null, string | null];

/** Narrows the register by state, exam, version of the text, giver, student and days. */
export function RegisterFilters({ filter, onChange }: RegisterFiltersProps) {
  const { t } = useTranslation('register');
  const { language } = useFormat();
  const exams = useExamChoices();
  // A period is being chosen until both its ends are: only then it goes into the address.
  const [choosing, setChoosing] = useState<Period>();
  const period: Period = choosing ?? [filter.from ?? null, filter.to ?? null];
  const set = (change: ConsentFilter) => onChange({ ...filter, ...change });
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
      <StudentSelect value={filter.person} onChange={(person) => set({ person })} />
      <Select
        label={t('filter.state')}
        placeholder={t('filter.all')}
        data={consentStates.map((state) => ({ value: state, label: t(`state.${state}`) }))}
        value={filter.state ?? null}
        onChange={(state) => set({ state: state ?? '' })}
        clearable
        data-testid="filter-state"
      />
      <Select
        label={t('filter.by')}
        placeholder={t('filter.all')}
        data={(['student', 'guardian'] as const).map((by) => ({ value: by, label: t(`by.${by}`) }))}
        value={filter.by ?? null}
        onChange={(by) => set({ by: by ?? '' })}
        clearable
        data-testid="filter-by"
      />
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
      <NumberInput
        label={t('filter.version')}
        placeholder={t('filter.all')}
        min={1}
        max={1_000_000}
        allowDecimal={false}
        allowNegative={false}
        value={filter.version ?? ''}
        onChange={(version) => set({ version: version === '' ? '' : String(version) })}
        data-testid="filter-version"
      />
      <Button variant="subtle" disabled={Object.keys(filter).length === 0} onClick={() => onChange({})} data-testid="filter-clear">
        {t('filter.clear')}
      </Button>
    </div>
  );
}
