import { Alert, Anchor, Button, Card, Container, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { api } from '../api/client';
import type { ExamSummary, Policy } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ExamDetails, type Details } from './ExamDetails';
import { freshDetails, localOf, momentOf } from './examTime';
import { PolicyForm } from './PolicyForm';
import { ProctorsCard } from './ProctorsCard';

/** An exam is made, with the rules of the last one, or changed. */
export default function ExamFormPage() {
  const { t } = useTranslation('exam');
  const { id } = useParams();
  const exams = useQuery({ queryKey: ['exams'], queryFn: ({ signal }) => api.exams(signal) });
  const exam = exams.data?.exams.find((one) => one.id === id);
  const pattern = exam ?? exams.data?.exams[0]; // the latest: a new exam is as the last one was
  const policy = useQuery({
    queryKey: ['policy', pattern?.id ?? 'default'],
    queryFn: ({ signal }) => api.policy(pattern?.id, signal),
    enabled: exams.data !== undefined,
    staleTime: Infinity,
  });
  const error = exams.error ?? policy.error;
  if (error !== null) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={error} onRetry={() => void (exams.isError ? exams.refetch() : policy.refetch())} />
      </Container>
    );
  }
  if (exams.data === undefined || policy.data === undefined) return <LoadingView />;
  if (id !== undefined && exam === undefined) {
    return (
      <Container size="sm" py="xl">
        <Alert color="orange" title={t('form.unknown')} />
      </Container>
    );
  }
  return <ExamForm key={id ?? 'new'} exam={exam} exams={exams.data.exams} pattern={pattern?.id} policy={policy.data} />;
}

interface ExamFormProps {
  exam: ExamSummary | undefined;
  exams: ExamSummary[];
  /** Whose rules are shown at first. */
  pattern: string | undefined;
  policy: Policy;
}

function ExamForm({ exam, exams, pattern, policy: first }: ExamFormProps) {
  const { t } = useTranslation('exam');
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [details, setDetails] = useState<Details>(() =>
    exam === undefined
      ? freshDetails(new Date())
      : { title: exam.title, startsAt: localOf(exam.startsAt), endsAt: localOf(exam.endsAt), code: exam.code },
  );
  const [policy, setPolicy] = useState(first);
  const [copied, setCopied] = useState<string | null>(exam === undefined ? (pattern ?? null) : null);
  const [tried, setTried] = useState(false);
  const copy = useMutation({ mutationFn: (of: string) => api.policy(of), onSuccess: setPolicy });
  const save = useMutation({
    mutationFn: async () => {
      const draft = { title: details.title, startsAt: momentOf(details.startsAt), endsAt: momentOf(details.endsAt) };
      if (exam === undefined) {
        const code = details.code.trim();
        return api.createExam({ ...draft, policy, ...(code === '' ? {} : { code }) });
      }
      const changed = await api.changeExam(exam.id, draft);
      await api.setPolicy(exam.id, policy);
      return changed;
    },
    onSuccess: async ({ id }) => {
      queryClient.removeQueries({ queryKey: ['policy'] });
      await queryClient.invalidateQueries({ queryKey: ['exams'] });
      await navigate(exam === undefined ? `/rosters/${id}/upload` : '/rosters');
    },
  });
  const { startsAt, endsAt } = details;
  const complete = details.title.trim().length >= 3 && startsAt !== null && endsAt !== null && endsAt > startsAt;
  return (
    <Container size="md" py="lg" data-testid="exam-form">
      <PageTitle title={exam === undefined ? t('form.new') : t('form.change')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Anchor component={Link} to="/rosters" size="sm">
            {t('upload.toRosters')}
          </Anchor>
          <Title order={1}>{exam === undefined ? t('form.new') : t('form.change')}</Title>
        </Stack>
        <Card padding="lg">
          <Stack gap="md">
            <ExamDetails details={details} onChange={setDetails} fresh={exam === undefined} tried={tried} />
            {exam === undefined && exams.length > 0 && (
              <Select
                label={t('form.copy')}
                description={t('form.copyText')}
                data={exams.map(({ id, title, code }) => ({ value: id, label: `${title} · ${code}` }))}
                value={copied}
                onChange={(of) => {
                  setCopied(of);
                  if (of !== null) copy.mutate(of);
                }}
                searchable
                allowDeselect={false}
                data-testid="exam-copy"
              />
            )}
            {copy.isError && <ProblemAlert error={copy.error} />}
          </Stack>
        </Card>
        {exam !== undefined && <ProctorsCard examId={exam.id} />}
        <PolicyForm policy={policy} onChange={setPolicy} />
        {exam !== undefined && (
          <Text size="sm" c="dimmed">
            {t('form.logged')}
          </Text>
        )}
        {save.isError && <ProblemAlert error={save.error} />}
        <Group justify="flex-end">
          <Button component={Link} to="/rosters" variant="default" size="md">
            {t('form.cancel')}
          </Button>
          <Button
            size="md"
            loading={save.isPending}
            onClick={() => {
              setTried(true);
              if (complete) save.mutate();
            }}
            data-testid="exam-save"
          >
            {exam === undefined ? t('form.create') : t('form.save')}
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
