import { Button, Group, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RosterProblem } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Exam.module.css';
import { downloadText, problemsCSV } from './problemsCSV';

interface ProblemTableProps {
  problems: RosterProblem[];
  total: number;
}

const shownAtMost = 200;

/** Every problem by its row: which cell, what is wrong, what to do. */
export function ProblemTable({ problems, total }: ProblemTableProps) {
  const { t } = useTranslation('exam');
  const format = useFormat();
  const rows = problems.map(({ line, column, message }) => ({
    line: line === 0 ? t('upload.problems.wholeFile') : String(line),
    column: column === '' ? (line === 0 ? '' : t('upload.problems.wholeRow')) : column,
    what: format.pick(message),
  }));
  const head = [t('upload.problems.line'), t('upload.problems.column'), t('upload.problems.what')];
  return (
    <>
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" aria-live="polite">
          {total > shownAtMost ? t('upload.problems.shown', { shown: Math.min(rows.length, shownAtMost), total }) : ''}
        </Text>
        <Button
          variant="default"
          leftSection={<IconDownload size={18} aria-hidden />}
          onClick={() => downloadText(t('upload.problems.fileName'), problemsCSV([head, ...rows.map((row) => [row.line, row.column, row.what])]))}
          data-testid="roster-problems-download"
        >
          {t('upload.problems.download')}
        </Button>
      </Group>
      <div className={classes.frame} role="region" aria-label={t('upload.problems.what')} tabIndex={0}>
        <Table verticalSpacing={8} horizontalSpacing="md" fz="sm" data-testid="roster-problems">
          <Table.Thead>
            <Table.Tr>
              {head.map((name) => (
                <Table.Th key={name} scope="col">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, shownAtMost).map((row, index) => (
              <Table.Tr key={index}>
                <Table.Td className={classes.number}>{row.line}</Table.Td>
                <Table.Td>{row.column}</Table.Td>
                <Table.Td>{row.what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}
