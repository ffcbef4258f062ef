import { Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Spoken } from './useSpoken';

/** «Say the hints aloud»; nothing where the browser cannot. */
export function SpokenSwitch({ spoken: { on, choose } }: { spoken: Spoken }) {
  const { t } = useTranslation('join');
  if (on === undefined) return null;
  return (
    <Switch
      checked={on}
      onChange={(event) => choose(event.currentTarget.checked)}
      label={t('identification.spokenHints')}
      description={t('identification.spokenHintsWhy')}
      data-testid="spoken-hints"
    />
  );
}
