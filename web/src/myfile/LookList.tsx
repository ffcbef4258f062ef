import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { FileLook } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './MyFile.module.css';

/** Who of the staff looked at what is kept, the latest first. */
export function LookList({ looks }: { looks: FileLook[] }) {
  const { t } = useTranslation('myfile');
  const format = useFormat();
  const names: Record<string, string> = {
    recording: t('looks.recording'),
    live: t('looks.live'),
    timeline: t('looks.timeline'),
    identifications: t('looks.identifications'),
    appeal: t('looks.appeal'),
    readiness: t('looks.readiness'),
    'log.page': t('looks.logPage'),
  };
  const scope = { attempt: '', exam: ` (${t('looks.exam')})`, all: ` (${t('looks.all')})` };
  if (looks.length === 0) return <Text c="dimmed">{t('looks.none')}</Text>;
  return (
    <Stack gap={0} role="list" data-testid="looks">
      {looks.map((look, index) => (
        <div key={`${look.at} ${index}`} className={classes.look} role="listitem" data-what={look.what}>
          <Text size="sm">
            {look.who === '' ? t('looks.service') : look.who}: {names[look.what] ?? t('looks.export')}
            {scope[look.scope]}
          </Text>
          <Text size="sm" c="dimmed">
            {format.stamp(look.at)}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
