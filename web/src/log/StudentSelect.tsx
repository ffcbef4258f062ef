import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLogChoices } from './useLog';

interface StudentSelectProps {
  value: string | undefined;
  onChange: (id: string) => void;
}

/** Finds a student by a part of the name; the address then holds the id, never the name. */
export function StudentSelect({ value, onChange }: StudentSelectProps) {
  const { t } = useTranslation('log');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const choices = useLogChoices(chosen?.label === search ? '' : search);
  const found = (choices.data?.students ?? []).map(({ id, name, birthYear }) => ({ value: id, label: `${name}, ${birthYear}` }));
  const current = value === undefined ? undefined : chosen?.value === value ? chosen : { value, label: t('filter.oneStudent') };
  const data = current === undefined || found.some((one) => one.value === current.value) ? found : [current, ...found];
  return (
    <Select
      label={t('filter.student')}
      placeholder={t('filter.studentSearch')}
      data={data}
      filter={({ options }) => options}
      value={value ?? null}
      onChange={(id, option) => {
        setChosen(id === null || option === null ? undefined : { value: id, label: option.label });
        onChange(id ?? '');
      }}
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={search === '' ? undefined : t('filter.nobody')}
      searchable
      clearable
      data-testid="filter-student"
    />
  );
}
