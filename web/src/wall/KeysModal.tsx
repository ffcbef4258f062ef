import { Group, Kbd, Stack, Switch, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../shell/Dialog';
import { useKeysOn } from './keysOn';

interface KeysModalProps {
  opened: boolean;
  onClose: () => void;
}

const keys = [
  ['J', 'next'],
  ['K', 'previous'],
  ['1 … 9', 'tile'],
  ['[ · ]', 'page'],
  ['L', 'hold'],
  ['F', 'search'],
  ['M', 'message'],
  ['C', 'call'],
  ['A', 'admit'],
  ['Shift A', 'admitAll'],
  ['W', 'warn'],
  ['T', 'time'],
  ['P', 'pause'],
  ['S', 'sound'],
  ['V', 'speak'],
  ['Shift V', 'speakAll'],
  ['I', 'identify'],
  ['N', 'note'],
  ['H', 'handOver'],
  ['G', 'announce'],
  ['R', 'review'],
  ['X', 'terminate'],
  ['?', 'help'],
] as const;

/** Every key of the room; they can be turned off where they would be pressed by dictation. */
export function KeysModal({ opened, onClose }: KeysModalProps) {
  const { t } = useTranslation('wall');
  const { on, set } = useKeysOn();
  return (
    <Dialog opened={opened} onClose={onClose} title={t('keys.title')}>
      <Stack data-testid="keys-help">
        <Text size="sm" c="dimmed">
          {t('keys.text')}
        </Text>
        <Switch label={t('keys.on')} checked={on} onChange={(event) => set(event.currentTarget.checked)} data-testid="keys-on" />
        <Table verticalSpacing={4} aria-label={t('keys.title')}>
          <Table.Tbody>
            {keys.map(([key, act]) => (
              <Table.Tr key={act}>
                <Table.Th scope="row" w={110}>
                  <Group gap={4}>
                    <Kbd>{key}</Kbd>
                  </Group>
                </Table.Th>
                <Table.Td>{t(`keys.act.${act}`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Text size="sm" c="dimmed">
          {t('voice.rule')}
        </Text>
      </Stack>
    </Dialog>
  );
}
