import { Alert, Anchor, Button, Container, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { FileDrop } from './FileDrop';
import { PreviewCounts } from './PreviewCounts';
import { ProblemTable } from './ProblemTable';

/** A roster file on its way: chosen, checked, confirmed. */
export default function RosterUploadPage() {
  const { t } = useTranslation('exam');
  const { id = '' } = useParams();
  const queryClient = useQueryClient();
  const exams = useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal) });
  const exam = exams.data?.exams.find((candidate) => candidate.id === id);
  const preview = useMutation({ mutationFn: (file: File) => api.previewRoster(id, file) });
  const confirm = useMutation({
    mutationFn: ({ file, sha256 }: { file: File; sha256: string }) => api.importRoster(id, file, sha256),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  const choose = (file: File) => {
    confirm.reset();
    preview.mutate(file);
  };
  const file = preview.variables;
  const found = preview.data;
  const fresh = found === undefined ? 0 : found.new + found.changed;
  return (
    <Container size="md" py="lg">
      <PageTitle title={t('upload.title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Anchor component={Link} to="/rosters" size="sm">
            {t('upload.toRosters')}
          </Anchor>
          <Title order={1}>{t('upload.title')}</Title>
          {exam !== undefined && (
            <Text c="dimmed">
              {exam.title} · {exam.code}
            </Text>
          )}
        </Stack>
        {confirm.isSuccess ? (
          <Alert color="teal" icon={<IconCircleCheck aria-hidden />} title={t('upload.done')} role="status" data-testid="roster-done">
            <Stack gap="sm" align="flex-start">
              <Text size="md">{t('upload.doneText', { added: confirm.data.new, changed: confirm.data.changed })}</Text>
              <Button component={Link} to={`/rosters/${id}`} variant="light">
                {t('upload.toReadiness')}
              </Button>
            </Stack>
          </Alert>
        ) : (
          <FileDrop compact={file !== undefined} busy={preview.isPending || confirm.isPending} onFile={choose} />
        )}
        {file === undefined && (
          <Alert variant="light" color="gray" icon={<IconInfoCircle aria-hidden />} title={t('upload.columnsTitle')}>
            <Stack gap={6}>
              <Text size="sm">{t('upload.columns')}</Text>
              <Text size="sm">{t('upload.columnsDocument')}</Text>
              <Text size="sm">{t('upload.columnsAgain')}</Text>
            </Stack>
          </Alert>
        )}
        {file !== undefined && (
          <Text size="sm" c="dimmed">
            {t('upload.file', { name: file.name })}
          </Text>
        )}
        {preview.isPending && (
          <Group gap="sm" role="status">
            <Loader size="sm" aria-hidden />
            <Text size="md">{t('upload.checking')}</Text>
          </Group>
        )}
        {preview.isError && <ProblemAlert error={preview.error} />}
        {found !== undefined && found.problemsTotal > 0 && (
          <>
            <Alert
              color="red"
              icon={<IconAlertTriangle aria-hidden />}
              title={t('upload.bad', { count: found.problemsTotal })}
              role="alert"
              data-testid="roster-bad"
              data-total={found.problemsTotal}
            >
              <Text size="md">{t('upload.badText')}</Text>
            </Alert>
            <ProblemTable problems={found.problems} total={found.problemsTotal} />
          </>
        )}
        {found?.problemsTotal === 0 && !confirm.isSuccess && (
          <>
            <Alert
              color="teal"
              icon={<IconCircleCheck aria-hidden />}
              title={fresh > 0 ? t('upload.good') : t('upload.nothing')}
              role="status"
              data-testid="roster-good"
            >
              <Text size="md">{fresh > 0 ? t('upload.goodText') : t('upload.nothingText')}</Text>
            </Alert>
            <PreviewCounts preview={found} />
            {found.absent > 0 && (
              <Text size="sm" c="dimmed">
                {t('upload.absentNote')}
              </Text>
            )}
            {confirm.isError && <ProblemAlert error={confirm.error} />}
            {fresh > 0 && file !== undefined && (
              <Group>
                <Button
                  size="md"
                  loading={confirm.isPending}
                  onClick={() => confirm.mutate({ file, sha256: found.sha256 })}
                  data-testid="roster-confirm"
                >
                  {t('upload.confirm', { count: found.rows })}
                </Button>
              </Group>
            )}
          </>
        )}
      </Stack>
    </Container>
  );
}
