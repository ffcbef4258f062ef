import { PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

/** A new password typed twice; told when both are the same, empty while they are not. */
export function NewPassword({ onChange }: { onChange: (password: string) => void }) {
  const { t } = useTranslation('people');
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const change = (a: string, b: string) => {
    setFirst(a);
    setSecond(b);
    onChange(a === b ? a : '');
  };
  return (
    <>
      <PasswordInput
        label={t('password.fresh')}
        description={t('password.rule')}
        size="md"
        value={first}
        onChange={(event) => change(event.currentTarget.value, second)}
        autoComplete="new-password"
        required
        data-testid="new-password"
      />
      <PasswordInput
        label={t('password.again')}
        size="md"
        value={second}
        onChange={(event) => change(first, event.currentTarget.value)}
        error={second !== '' && first !== second ? t('password.differ') : undefined}
        autoComplete="new-password"
        required
        data-testid="new-password-again"
      />
    </>
  );
}
