import { Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Spoken } from './useSpoken';

/** «Say the hints aloud», while no digits are read; nothing where the browser cannot. */
export function SpokenSwitch({ spoken: { on, choose }, digits }: { spoken: Spoken; digits: boolean }) {
  const { t } = useTranslation('join');
  if (on === undefined) return null;
  return (
    <Switch
      checked={on}
      onChange={(event) => choose(event.currentTarget.checked)}
      label={t('identification.spokenHints')}
      description={digits ? t('identification.spokenHintsWhy') : undefined}
      data-testid="spoken-hints"
    />
  );
}
