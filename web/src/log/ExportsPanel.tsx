import { Badge, Button, Card, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { exportFileURL } from '../api/client';
import type { ExportJob } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Log.module.css';
import { useCancelExport, useExports } from './useExports';

const shown: ExportJob['state'][] = ['waiting', 'running', 'ready', 'failed'];
const dayLong = 24 * 3600 * 1000;

/** What is worth a line: a failure is told for a day. */
function worthALine({ state, endedAt }: ExportJob): boolean {
  return shown.includes(state) && (state !== 'failed' || endedAt === undefined || Date.now() - Date.parse(endedAt) < dayLong);
}

/** Exports that the server prepares: how far they are, then the files. Nothing while there are none. */
export function ExportsPanel() {
  const { t } = useTranslation('log');
  const exports = useExports();
  const cancel = useCancelExport();
  const jobs = exports.data?.exports.filter(worthALine) ?? [];
  if (exports.isError) return <ProblemAlert error={exports.error} onRetry={() => void exports.refetch()} />;
  if (jobs.length === 0) return null;
  return (
    <Card padding="md" component="section" aria-labelledby="exports-title" data-testid="exports">
      <Stack gap="sm">
        <Title order={2} size="h4" id="exports-title">
          {t('exports.title')}
        </Title>
        {cancel.isError && <ProblemAlert error={cancel.error} />}
        {jobs.map((job) => (
          <ExportLine key={job.id} job={job} onCancel={() => cancel.mutate(job.id)} cancelling={cancel.isPending && cancel.variables === job.id} />
        ))}
      </Stack>
    </Card>
  );
}

interface ExportLineProps {
  job: ExportJob;
  onCancel: () => void;
  cancelling: boolean;
}

function ExportLine({ job, onCancel, cancelling }: ExportLineProps) {
  const { t } = useTranslation('log');
  const format = useFormat();
  const what = t('exports.of', { what: t(`exports.format.${job.format}`), at: format.dateTime(job.askedAt) });
  const open = job.state === 'waiting' || job.state === 'running';
  return (
    <Group
      className={classes.export}
      justify="space-between"
      gap="sm"
      data-testid={`export-${job.id}`}
      data-state={job.state}
      data-format={job.format}
      data-percent={job.percent}
    >
      <Stack gap={4} flex="1 1 280px" miw={0}>
        <Group gap="xs">
          <Text fw={550}>{what}</Text>
          {job.recordings && (
            <Badge variant="light" color="orange">
              {t('exports.withRecordings')}
            </Badge>
          )}
        </Group>
        <Text size="sm" c={job.state === 'failed' ? 'red.9' : 'dimmed'} aria-live="polite">
          <StateWords job={job} />
        </Text>
        {open && <Progress value={job.percent} size="sm" aria-label={what} animated={job.state === 'running'} />}
      </Stack>
      <Group gap="xs">
        {job.state === 'ready' && (
          <Button
            component="a"
            href={exportFileURL(job.id)}
            download
            leftSection={<IconDownload size={18} aria-hidden />}
            aria-label={`${t('exports.download')}: ${what}`}
            data-testid={`export-download-${job.id}`}
          >
            {t('exports.download')}
          </Button>
        )}
        {job.state !== 'failed' && (
          <Button
            variant="default"
            loading={cancelling}
            onClick={onCancel}
            aria-label={`${open ? t('exports.cancel') : t('exports.erase')}: ${what}`}
            data-testid={`export-cancel-${job.id}`}
          >
            {open ? t('exports.cancel') : t('exports.erase')}
          </Button>
        )}
      </Group>
    </Group>
  );
}

function StateWords({ job }: { job: ExportJob }) {
  const { t } = useTranslation('log');
  const format = useFormat();
  switch (job.state) {
    case 'waiting':
      return t('exports.waiting');
    case 'running':
      return t('exports.running', { percent: job.percent });
    case 'ready':
      return t('exports.ready', { size: format.bytes(job.size ?? 0), until: format.dateTime(job.expiresAt ?? '') });
    default:
      return `${t('exports.failed')}. ${t(`exports.fault.${job.fault ?? 'internal'}`)}`;
  }
}
