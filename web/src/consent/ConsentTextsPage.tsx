import { Anchor, Badge, Button, Card, Container, Group, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import { hasRole, useSession } from '../api/session';
import type { ConsentDraft, ConsentTextList, ConsentTerms, PublishedConsentText } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ConsentTextBox } from './ConsentTextBox';

const key = ['consent-texts'] as const;

const fields = ['operator', 'address', 'purpose', 'data', 'actions', 'processor', 'term', 'withdrawal'] as const;

const empty: ConsentTerms = { operator: '', address: '', purpose: '', data: '', actions: '', processor: '', term: '', withdrawal: '' };

/** Versions of the consent text, and the form that publishes a new one. */
export default function ConsentTextsPage() {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const { data: session } = useSession();
  const texts = useQuery({ queryKey: key, queryFn: ({ signal }) => api.consentTexts(signal) });
  const [editing, setEditing] = useState(false);
  return (
    <Container size="md" py="lg" data-testid="consent-texts">
      <PageTitle title={t('texts.title')} />
      <Stack gap="lg">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={4} flex="1 1 300px">
            <Title order={1}>{t('texts.title')}</Title>
            <Text c="dimmed">{t('texts.text')}</Text>
            {hasRole(session, 'registrar') && (
              <Anchor component={Link} to="/consent-register" data-testid="to-register">
                {t('texts.register')}
              </Anchor>
            )}
          </Stack>
          {!editing && texts.isSuccess && (
            <Button size="md" onClick={() => setEditing(true)} data-testid="text-new">
              {t('texts.new')}
            </Button>
          )}
        </Group>
        {texts.isPending && <LoadingView />}
        {texts.isError && <ProblemAlert error={texts.error} onRetry={() => void texts.refetch()} />}
        {editing && <TextForm current={texts.data?.texts[0]} onDone={() => setEditing(false)} />}
        {!editing &&
          texts.data?.texts.map((text, index) => (
            <Card key={text.id} padding="lg" data-testid={`text-${text.version}`}>
              <Stack gap="sm">
                <Group gap="sm">
                  <Badge variant="light" size="lg" color={index === 0 ? 'teal' : 'gray'}>
                    {index === 0 ? t('texts.current') : t('texts.former')}
                  </Badge>
                  <Text size="sm" c="dimmed">
                    {t('version', { version: text.version })} · {format.dateTime(text.publishedAt)}
                  </Text>
                </Group>
                <Text fw={600}>{text.title}</Text>
                <ConsentTextBox text={text} />
              </Stack>
            </Card>
          ))}
      </Stack>
    </Container>
  );
}

/** What of a text stands before its terms. */
function introductionOf(text: PublishedConsentText): string {
  const said = new Set(Object.values(text.terms).filter((value) => value !== ''));
  return text.body
    .split(/\n{2,}/)
    .filter((paragraph) => ![...said].some((value) => paragraph.endsWith(`: ${value}`)))
    .join('\n\n');
}

function TextForm({ current, onDone }: { current: PublishedConsentText | undefined; onDone: () => void }) {
  const { t } = useTranslation('consent');
  const client = useQueryClient();
  const [title, setTitle] = useState(current?.title ?? '');
  const [introduction, setIntroduction] = useState(current === undefined ? '' : introductionOf(current));
  const [terms, setTerms] = useState<ConsentTerms>(current?.terms ?? empty);
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState(false);
  const missing = (field: (typeof fields)[number]) => field !== 'processor' && terms[field].trim() === '';
  const draft: ConsentDraft = { title: title.trim(), introduction, terms };
  const publish = useMutation({
    mutationFn: () => api.publishConsentText(draft),
    onSuccess: (list: ConsentTextList) => {
      client.setQueryData(key, list);
      onDone();
    },
  });
  return (
    <Card padding="lg">
      <Stack gap="md">
        <TextInput
          size="md"
          label={t('texts.field.title')}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={tried && title.trim() === '' ? t('texts.required') : undefined}
          maxLength={300}
          required
          data-testid="text-title"
        />
        <Textarea
          size="md"
          label={t('texts.field.introduction')}
          description={t('texts.introductionHint')}
          value={introduction}
          onChange={(event) => setIntroduction(event.currentTarget.value)}
          autosize
          minRows={4}
          maxRows={14}
          maxLength={12000}
          data-testid="text-introduction"
        />
        {fields.map((field) => (
          <Textarea
            key={field}
            size="md"
            label={t(`texts.field.${field}`)}
            value={terms[field]}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setTerms((before) => ({ ...before, [field]: value }));
            }}
            error={tried && missing(field) ? t('texts.required') : undefined}
            autosize
            minRows={1}
            maxRows={8}
            maxLength={2000}
            required={field !== 'processor'}
            data-testid={`text-${field}`}
          />
        ))}
        <Group gap="sm">
          <Button
            size="md"
            onClick={() => {
              setTried(true);
              if (title.trim() !== '' && !fields.some(missing)) setAsking(true);
            }}
            data-testid="text-publish"
          >
            {t('texts.publish')}
          </Button>
          <Button size="md" variant="default" onClick={onDone}>
            {t('texts.cancel')}
          </Button>
        </Group>
      </Stack>
      <ConfirmModal
        opened={asking}
        title={t('texts.confirmTitle')}
        text={t('texts.confirmText')}
        confirmLabel={t('texts.publish')}
        pending={publish.isPending}
        error={publish.error}
        onConfirm={() => publish.mutate()}
        onClose={() => setAsking(false)}
        testId="text-publish"
      />
    </Card>
  );
}
