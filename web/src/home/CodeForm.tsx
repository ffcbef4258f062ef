import { Button, Stack, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { codeIn } from './codeIn';

/** The way to an exam for whoever has its code. */
export function CodeForm() {
  const { t } = useTranslation('home');
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const code = codeIn(typed);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (code !== '') void navigate(`/e/${encodeURIComponent(code)}`);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          size="lg"
          label={t('code.label')}
          description={t('code.description')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          maxLength={400}
          data-testid="exam-code"
        />
        <Button type="submit" size="lg" disabled={code === ''} data-testid="open-exam">
          {t('code.open')}
        </Button>
      </Stack>
    </form>
  );
}
