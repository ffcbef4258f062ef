import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { looksLikeEmail } from '../arrival/looksLikeEmail';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { fileKey } from './fileKey';

/** What the student writes against a decision. */
export function AppealForm({ attemptId, onClose }: { attemptId: string; onClose: () => void }) {
  const { t } = useTranslation('myfile');
  const { language } = useFormat();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [email, setEmail] = useState('');
  const [tried, setTried] = useState(false);
  const file = useMutation({
    mutationFn: () => api.fileAppeal(attemptId, { text: text.trim(), email: email.trim(), language }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: fileKey });
      onClose();
    },
  });
  const empty = text.trim() === '';
  const wrong = email.trim() !== '' && !looksLikeEmail(email.trim());
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!empty && !wrong) file.mutate();
      }}
    >
      <Stack gap="md">
        <Textarea
          label={t('appeal.label')}
          description={t('appeal.hint')}
          autosize
          minRows={4}
          maxRows={14}
          maxLength={4000}
          required
          error={tried && empty ? t('appeal.required') : undefined}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-testid="appeal-text"
        />
        <TextInput
          type="email"
          label={t('appeal.email')}
          description={t('appeal.emailHint')}
          maxLength={254}
          error={tried && wrong ? t('appeal.emailWrong') : undefined}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          data-testid="appeal-email"
        />
        {file.isError && <ProblemAlert error={file.error} />}
        <Group gap="sm">
          <Button type="submit" loading={file.isPending} data-testid="appeal-send">
            {t('appeal.send')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('appeal.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
