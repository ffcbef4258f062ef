import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconWifi1 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { enough, type NetworkReport } from './network';

interface NetworkAdviceProps {
  report: NetworkReport | undefined;
  onAgain: () => void;
  onAnyway: () => void;
}

/** What to do about a weak connection; going on is her own choice. */
export function NetworkAdvice({ report, onAgain, onAnyway }: NetworkAdviceProps) {
  const { t } = useTranslation('way');
  return (
    <Alert color="orange" icon={<IconWifi1 aria-hidden />} title={report === undefined ? t('network.failed') : t('network.whatTitle')} role="alert" data-testid="network-weak">
      <Stack gap="sm">
        <List size="md" spacing={4}>
          {(report === undefined || report.upKbps < enough.upKbps) && <List.Item>{t('network.slow')}</List.Item>}
          {report !== undefined && report.lossPercent > enough.lossPercent && <List.Item>{t('network.lossy')}</List.Item>}
          {(report === undefined || report.roundTripMs > enough.roundTripMs) && <List.Item>{t('network.far')}</List.Item>}
          {report?.way === 'relay' && <List.Item>{t('network.relayed')}</List.Item>}
        </List>
        <Text size="sm">{t('network.noBlame')}</Text>
        <Group gap="sm">
          <Button size="md" onClick={onAgain} data-testid="network-again">
            {t('network.again')}
          </Button>
          <Button size="md" variant="default" onClick={onAnyway} data-testid="network-anyway">
            {t('network.anyway')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
