import { Badge, Text, UnstyledButton } from '@mantine/core';
import { createColumnHelper, tableFeatures } from '@tanstack/react-table';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogRecord } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Log.module.css';
import { useRecordWords } from './useRecordWords';

export const features = tableFeatures({});
const helper = createColumnHelper<typeof features, LogRecord>();

/** The columns of the log, in the language of the page. */
export function useColumns(onOpen: (record: LogRecord) => void) {
  const { t } = useTranslation('log');
  const format = useFormat();
  const words = useRecordWords();
  return useMemo(
    () =>
      helper.columns([
        helper.accessor('index', {
          header: t('column.index'),
          cell: ({ getValue }) => (
            <span className={classes.number}>{getValue() ?? <Text span c="dimmed" size="sm">{t('unsealed')}</Text>}</span>
          ),
        }),
        helper.accessor('at', {
          header: t('column.at'),
          cell: ({ getValue }) => <span className={classes.number}>{format.stamp(getValue())}</span>,
        }),
        helper.accessor('type', {
          header: t('column.type'),
          cell: ({ row }) => (
            <UnstyledButton fz="sm" className={classes.open} onClick={() => onOpen(row.original)}>
              {words.type(row.original.type)}
            </UnstyledButton>
          ),
        }),
        helper.accessor('student', {
          header: t('column.student'),
          cell: ({ row }) => (
            <>
              {row.original.student ?? ''}
              {row.original.group !== undefined && row.original.group !== '' && (
                <Text span c="dimmed" size="sm">
                  {' '}
                  {row.original.group}
                </Text>
              )}
            </>
          ),
        }),
        helper.accessor('examTitle', { header: t('column.exam'), cell: ({ getValue }) => getValue() ?? '' }),
        helper.accessor('outcome', {
          header: t('column.outcome'),
          cell: ({ getValue }) => {
            const outcome = getValue();
            if (outcome === undefined || outcome === '') return null;
            return (
              <Badge variant="light" miw="max-content" color={words.color(outcome)}>
                {words.outcome(outcome)}
              </Badge>
            );
          },
        }),
        helper.accessor('score', {
          header: t('column.score'),
          cell: ({ row }) => {
            const { score, threshold } = row.original;
            if (score === undefined) return null;
            return (
              <span className={classes.number}>
                {format.score(score)}
                {threshold !== undefined && (
                  <Text span c="dimmed" size="sm">
                    {' / '}
                    {format.score(threshold)}
                  </Text>
                )}
              </span>
            );
          },
        }),
      ]),
    [t, format, words, onOpen],
  );
}
