import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/useFormat';
import classes from './Join.module.css';
import type { NetworkReport } from './network';

/** What was measured, in figures. */
export function NetworkFigures({ report }: { report: NetworkReport }) {
  const { t } = useTranslation('way');
  const { language } = useFormat();
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const rows: [string, string][] = [
    [t('network.up'), t('network.upValue', { value: number.format(report.upKbps / 1000) })],
    [t('network.loss'), t('network.lossValue', { value: number.format(report.lossPercent) })],
    [t('network.delay'), t('network.delayValue', { value: number.format(report.roundTripMs) })],
    [t('network.way'), t(`network.ways.${report.way}`)],
  ];
  return (
    <dl className={classes.figures} data-testid="network-figures" data-way={report.way} data-good={report.good}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" size="md">
            {value}
          </Text>
        </div>
      ))}
    </dl>
  );
}
