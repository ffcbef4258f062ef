import { Alert, Button, Group, Text } from '@mantine/core';
import { IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { usePart } from '../rtc/useStore';
import type { Viewer } from '../rtc/viewer';

/** Says that this page has lost the server, or was refused by it. */
export function ConnectionAlert({ viewer }: { viewer: Viewer }) {
  const { t } = useTranslation('common');
  const socket = usePart(viewer.state, 'socket');
  const lost = socket.phase === 'waiting' || (socket.phase === 'connecting' && socket.failures > 0);
  if (!lost && socket.closeCode === 0) return null;
  return (
    <Alert
      w="100%"
      p="xs"
      color={lost ? 'gray' : 'orange'}
      icon={<IconWifiOff aria-hidden />}
      role="status"
      data-testid="connection-lost"
    >
      <Group>
        <Text size="sm">{lost ? t('connection.lost') : t('connection.refused', { code: socket.closeCode })}</Text>
        {!lost && (
          <Button size="xs" variant="light" onClick={() => viewer.start()}>
            {t('connection.here')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
