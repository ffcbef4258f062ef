import { Alert, Button, Group, Modal, Text } from '@mantine/core';
import { IconDeviceMobileOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../rtc/useStore';
import { useLive } from './live';
import { PhoneCodeView } from './PhoneCodeView';

/** The exam asks for a second camera and there is none: its code is a click away. Nothing while all is well. */
export function PhoneNotice() {
  const { t } = useTranslation('phone');
  const { publisher } = useLive();
  const { attempt } = useStore(publisher.state);
  const [opened, setOpened] = useState(false);
  const state = attempt?.phone;
  if (attempt === undefined || state === undefined || state === 'live') return null;
  return (
    <Alert color="orange" icon={<IconDeviceMobileOff aria-hidden />} title={t('notice.title')} role="alert" data-testid="phone-missing">
      <Group justify="space-between" gap="sm">
        <Text size="md">{state === 'lost' ? t('notice.lost') : t('notice.waiting')}</Text>
        <Button size="md" variant="light" onClick={() => setOpened(true)} data-testid="phone-code">
          {t('notice.code')}
        </Button>
      </Group>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t('step.title')} size="lg" closeButtonProps={{ 'aria-label': t('notice.close') }}>
        <PhoneCodeView attemptId={attempt.id} />
      </Modal>
    </Alert>
  );
}
