import { Button, Container, EmptyState, Stack, Text, Title } from '@mantine/core';
import { IconDownload, IconFolderOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, myPackageURL } from '../api/client';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RequireRole } from '../shell/RequireRole';
import { AttemptCard } from './AttemptCard';
import { fileKey } from './fileKey';

/** «Моё дело»: what is kept of the student, who looked, what was decided, and the way to contest it. */
export default function MyFilePage() {
  return (
    <RequireRole roles={['student']}>
      <MyFile />
    </RequireRole>
  );
}

function MyFile() {
  const { t } = useTranslation('myfile');
  const file = useQuery({ queryKey: fileKey, queryFn: ({ signal }) => api.myFile(signal) });
  if (file.isPending) return <LoadingView />;
  if (file.isError) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={file.error} onRetry={() => void file.refetch()} />
      </Container>
    );
  }
  const { attempts } = file.data;
  return (
    <Container size="md" py="xl" data-testid="my-file">
      <PageTitle title={t('title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('title')}</Title>
          <Text c="dimmed">{t('text')}</Text>
        </Stack>
        {attempts.length === 0 ? (
          <EmptyState size="lg" icon={<IconFolderOff aria-hidden />} title={t('emptyTitle')} description={t('emptyText')} />
        ) : (
          <Stack gap="xs" align="flex-start">
            <Button component="a" href={myPackageURL()} leftSection={<IconDownload size={18} aria-hidden />} data-testid="my-package">
              {t('package')}
            </Button>
            <Text size="sm" c="dimmed">
              {t('packageText')}
            </Text>
          </Stack>
        )}
        {attempts.map((attempt) => (
          <AttemptCard key={attempt.id} attempt={attempt} />
        ))}
      </Stack>
    </Container>
  );
}
