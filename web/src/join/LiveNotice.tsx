import { Alert, Button, Group, Text } from '@mantine/core';
import { IconDevices, IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { DeviceProblemView } from './DeviceProblemView';
import { useLive } from './live';
import { PhoneNotice } from './PhoneNotice';
import { ScreenNotice } from './ScreenNotice';

/** What is wrong with the camera, the connection, the screen or the phone, calmly; nothing when all is well. */
export function LiveNotice() {
  const { t } = useTranslation('common');
  const { devices, publisher } = useLive();
  const { problem } = useStore(devices.state);
  const { socket } = useStore(publisher.state);
  if (problem !== undefined) return <DeviceProblemView problem={problem} onAgain={() => void devices.open()} />;
  if (socket.closeCode !== 0) {
    const replaced = socket.closeCode === 4409;
    return (
      <Alert
        color={replaced ? undefined : 'orange'}
        icon={<IconDevices aria-hidden />}
        role="alert"
        data-testid="connection-closed"
        data-code={socket.closeCode}
      >
        <Group justify="space-between">
          <Text size="md">
            {replaced ? t('connection.replaced') : t('connection.refused', { code: socket.closeCode })}
          </Text>
          <Button size="md" variant="light" onClick={() => publisher.restart()}>
            {t('connection.here')}
          </Button>
        </Group>
      </Alert>
    );
  }
  if (socket.phase === 'waiting' || (socket.phase === 'connecting' && socket.failures > 0)) {
    return (
      <Alert color="gray" icon={<IconWifiOff aria-hidden />} role="status" data-testid="connection-lost">
        <Text size="md">{t('connection.lost')}</Text>
      </Alert>
    );
  }
  return (
    <>
      <ScreenNotice />
      <PhoneNotice />
    </>
  );
}
