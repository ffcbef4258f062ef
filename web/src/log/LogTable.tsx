import { Button, EmptyState, Table } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { useTable } from '@tanstack/react-table';
import { useTranslation } from 'react-i18next';
import type { LogRecord } from '../api/types';
import { features, useColumns } from './columns';
import classes from './Log.module.css';

interface LogTableProps {
  records: LogRecord[];
  /** Filters are set: an empty table then means something else. */
  filtered: boolean;
  onOpen: (record: LogRecord) => void;
  onClear: () => void;
}

/** The records, newest first; a row opens its proof. */
export function LogTable({ records, filtered, onOpen, onClear }: LogTableProps) {
  const { t } = useTranslation('log');
  const columns = useColumns(onOpen);
  const table = useTable({ features, columns, data: records, getRowId: (record) => record.id });
  if (records.length === 0) {
    return (
      <EmptyState
        className={classes.frame}
        py={80}
        icon={<IconListSearch aria-hidden />}
        title={filtered ? t('empty.filteredTitle') : t('empty.title')}
        description={filtered ? t('empty.filteredText') : t('empty.text')}
        data-testid="log-empty"
      >
        {filtered && (
          <Button variant="light" onClick={onClear}>
            {t('filter.clear')}
          </Button>
        )}
      </EmptyState>
    );
  }
  return (
    <Table.ScrollContainer minWidth={1100} className={classes.frame}>
      <Table verticalSpacing={7} horizontalSpacing="md" fz="sm" highlightOnHover stickyHeader data-testid="log-table">
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => (
                <Table.Th key={header.id} scope="col">
                  <table.FlexRender header={header} />
                </Table.Th>
              ))}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr
              key={row.id}
              className={classes.row}
              onClick={() => onOpen(row.original)}
              data-testid={`log-row-${row.original.id}`}
              data-type={row.original.type}
              data-outcome={row.original.outcome ?? ''}
              data-index={row.original.index ?? ''}
            >
              {row.getAllCells().map((cell) => (
                <Table.Td key={cell.id}>
                  <table.FlexRender cell={cell} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
