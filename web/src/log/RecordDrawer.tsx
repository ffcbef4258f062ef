import { Anchor, Code, DataList, Drawer, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { logExportURL } from '../api/client';
import type { LogRecord } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { useReasonText } from '../myfile/useReasonText';
import { CopyHash } from './CopyHash';
import classes from './Log.module.css';
import { useRecordWords } from './useRecordWords';

interface RecordDrawerProps {
  record: LogRecord | undefined;
  onClose: () => void;
}

/** One record with its place in the tree, its hash and its body as sealed. */
export function RecordDrawer({ record, onClose }: RecordDrawerProps) {
  const { t } = useTranslation(['log', 'common']);
  const title = record === undefined ? '' : t('record.title', { id: record.index ?? t('unsealed') });
  return (
    <Drawer
      opened={record !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={title}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      {record !== undefined && <RecordDetails record={record} />}
    </Drawer>
  );
}

function RecordDetails({ record }: { record: LogRecord }) {
  const { t } = useTranslation('log');
  const format = useFormat();
  const words = useRecordWords();
  const reason = useReasonText();
  const rows: [string, string | undefined][] = [
    [t('column.type'), words.type(record.type)],
    [t('column.at'), format.stamp(record.at)],
    [t('column.student'), record.student],
    [t('record.group'), record.group],
    [t('column.exam'), record.examTitle],
    [t('column.outcome'), record.outcome === undefined ? undefined : words.outcome(record.outcome)],
    [t('column.score'), record.score === undefined ? undefined : format.score(record.score)],
    [t('record.threshold'), record.threshold === undefined ? undefined : format.score(record.threshold)],
    [t('record.reason'), record.reason === record.outcome ? undefined : reason(record.reason ?? '')],
    [t('record.index'), record.index?.toString() ?? t('record.notSealed')],
  ];
  return (
    <Stack gap="md" data-testid="log-record" data-id={record.id}>
      <DataList size="sm" labelWidth={150}>
        {rows
          .filter(([, value]) => value !== undefined && value !== '')
          .map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
      </DataList>
      {record.attemptId !== undefined && (
        <Group gap="lg">
          <Anchor component={Link} to={`/proctor/attempts/${record.attemptId}`} size="sm">
            {t('record.review')}
          </Anchor>
          <Anchor href={logExportURL({ attempt: record.attemptId }, 'pdf', 'semicolon')} download size="sm" data-testid="record-protocol">
            {t('record.protocol')}
          </Anchor>
        </Group>
      )}
      <CopyHash label={t('record.sha256')} value={record.sha256} />
      <CopyHash label={t('record.id')} value={record.id} />
      <div>
        <Text size="xs" c="dimmed" mb={4}>
          {t('record.body')}
        </Text>
        <Code block className={classes.json} tabIndex={0} data-testid="record-body">
          {JSON.stringify(record.body, null, 2)}
        </Code>
      </div>
    </Stack>
  );
}
