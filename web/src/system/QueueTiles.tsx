import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { MediaLoad, QueueLoads } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './System.module.css';

interface QueueTilesProps {
  media: MediaLoad;
  queues: QueueLoads;
}

/** What is received and forwarded, and what waits. */
export function QueueTiles({ media, queues }: QueueTilesProps) {
  const { t } = useTranslation('system');
  const format = useFormat();
  const since = (at: string | undefined) => (at === undefined ? '' : t('load.since', { time: format.time(at) }));
  const tiles: [name: string, label: string, value: string, note: string][] = [
    ['publishers', t('load.publishers'), String(media.publishers), ''],
    ['viewers', t('load.viewers'), String(media.viewers), ''],
    ['spool', t('load.spool'), format.bytes(queues.spoolBytes), [t('load.segments', { count: queues.spoolSegments }), since(queues.spoolOldest)].filter(Boolean).join(', ')],
    ['free', t('load.free'), format.bytes(queues.spoolFree), ''],
    ['log', t('load.log'), String(queues.logPending), t('load.logText')],
    ['mail', t('load.mail'), String(queues.mailWaiting), queues.mailDead > 0 ? t('load.mailDead', { count: queues.mailDead }) : since(queues.mailOldest)],
    ['exports', t('load.exports'), String(queues.exports), queues.exportsFailed > 0 ? t('load.exportsFailed', { count: queues.exportsFailed }) : ''],
  ];
  return (
    <div className={classes.tiles}>
      {tiles.map(([name, label, value, note]) => (
        <div key={name} className={classes.tile} data-testid={`load-${name}`}>
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <div className={classes.figure}>{value}</div>
          {note !== '' && (
            <Text size="sm" c="dimmed">
              {note}
            </Text>
          )}
        </div>
      ))}
    </div>
  );
}
