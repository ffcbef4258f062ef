import { Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './Join.module.css';
import { stations, type Station } from './step';

/** How far the student has come. */
export function StationBar({ station }: { station: Station }) {
  const { t } = useTranslation('join');
  const current = stations.indexOf(station);
  return (
    <div className={classes.noPrint}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={550}>
          {t(`steps.${station}`)}
        </Text>
        <Text size="sm" c="dimmed">
          {t('progress', { step: current + 1, total: stations.length })}
        </Text>
      </Group>
      <div className={classes.progress} aria-hidden>
        {stations.map((name, index) => (
          <span key={name} className={classes.station} data-done={index <= current} />
        ))}
      </div>
    </div>
  );
}
