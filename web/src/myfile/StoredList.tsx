import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StoredItem } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './MyFile.module.css';

/** What is kept of an attempt, why, and until when. */
export function StoredList({ stored }: { stored: StoredItem[] }) {
  const { t } = useTranslation('myfile');
  const format = useFormat();
  const why = { recordings: t('stored.recordingsWhy'), log: t('stored.logWhy'), consent: t('stored.consentWhy') };
  const name = { recordings: t('stored.recordings'), log: t('stored.log'), consent: t('stored.consent') };
  const until = (item: StoredItem) => {
    if (item.destroyedAt !== undefined) return t('stored.destroyed', { at: format.date(item.destroyedAt) });
    if (item.count === 0 || item.until === undefined) return t('stored.nothing');
    return item.held ? t('stored.held', { at: format.date(item.until) }) : format.date(item.until);
  };
  const amount = (item: StoredItem) =>
    item.class === 'recordings'
      ? t('stored.files', { count: item.count, size: ((item.bytes ?? 0) / 1e6).toFixed(1) })
      : `${item.count}`;
  return (
    <Stack gap={0} role="table" aria-label={t('stored.title')} data-testid="stored">
      <div className={`${classes.stored} ${classes.head}`} role="row">
        {[t('stored.what'), t('stored.why'), t('stored.until')].map((label) => (
          <Text key={label} size="sm" c="dimmed" role="columnheader">
            {label}
          </Text>
        ))}
      </div>
      {stored.map((item) => (
        <div key={item.class} className={classes.stored} role="row" data-class={item.class} data-held={item.held}>
          <div role="cell">
            <Text size="sm" fw={600}>
              {name[item.class]}
            </Text>
            {item.count > 0 && item.class !== 'consent' && (
              <Text size="sm" c="dimmed">
                {amount(item)}
              </Text>
            )}
          </div>
          <Text size="sm" role="cell">
            {why[item.class]}
          </Text>
          <Text size="sm" role="cell">
            {until(item)}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
