import { Box, SegmentedControl, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Filter } from './attention';
import classes from './Wall.module.css';

/** The search field's id: a key of the room goes there. */
export const searchId = 'room-search';

const filters: Filter[] = ['all', 'unidentified', 'lost', 'mine'];

interface ListToolsProps {
  typed: string;
  onTyped: (typed: string) => void;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  /** Some students are this proctor's own. */
  mine: boolean;
}

/** The search and the filter of the attention list. */
export const ListTools = memo(function ListTools({ typed, onTyped, filter, onFilter, mine }: ListToolsProps) {
  const { t } = useTranslation('wall');
  const names = { all: t('filter.all'), unidentified: t('filter.unidentified'), lost: t('filter.lost'), mine: t('filter.mine') };
  return (
    <Box className={classes.listTools}>
      <TextInput
        size="xs"
        leftSection={<IconSearch size={16} aria-hidden />}
        placeholder={t('filter.search')}
        aria-label={t('filter.search')}
        id={searchId}
        value={typed}
        onChange={(event) => onTyped(event.currentTarget.value)}
        mb={8}
      />
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t('filter.label')}
        value={filter}
        onChange={onFilter}
        data={filters.filter((name) => name !== 'mine' || mine).map((name) => ({ value: name, label: names[name] }))}
        data-testid="attention-filter"
      />
    </Box>
  );
});
