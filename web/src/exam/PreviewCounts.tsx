import { Paper, SimpleGrid, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RosterPreview } from '../api/types';
import classes from './Exam.module.css';

const counts = ['rows', 'new', 'newPeople', 'changed', 'known', 'absent', 'accommodated'] as const;

/** What the file would do, in numbers. */
export function PreviewCounts({ preview }: { preview: RosterPreview }) {
  const { t } = useTranslation('exam');
  return (
    <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm" component="dl" className={classes.counts}>
      {counts.filter((name) => name !== 'accommodated' || preview.accommodated > 0).map((name) => (
        <Paper key={name} withBorder p="md" radius="md" data-testid={`roster-count-${name}`} data-count={preview[name]}>
          <Text component="dd" fz={28} fw={650} lh={1.1} className={classes.number}>
            {preview[name]}
          </Text>
          <Text component="dt" size="sm" c="dimmed">
            {t(`upload.count.${name}`)}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}
