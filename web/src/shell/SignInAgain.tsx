import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { serverURL } from '../api/base';
import { sessionKey } from '../api/session';
import type { Session } from '../api/types';
import { hearSignedIn } from './signedIn';

const whoIs = (session: Session | undefined) => session?.person?.id;

/** Asks whoever's session has ended to sign in beside the page, which stays as it is and goes on when she has. */
export default function SignInAgain() {
  const { t } = useTranslation();
  const client = useQueryClient();
  useEffect(() => {
    const before = whoIs(client.getQueryData<Session>(sessionKey));
    const look = async (): Promise<void> => {
      await client.refetchQueries({ queryKey: sessionKey });
      // Somebody else signed in: nothing of this page is hers.
      if (whoIs(client.getQueryData<Session>(sessionKey)) !== before) window.location.assign(serverURL(''));
      else await client.invalidateQueries();
    };
    const act = () => void look();
    window.addEventListener('focus', act);
    const silence = hearSignedIn(act);
    return () => {
      window.removeEventListener('focus', act);
      silence();
    };
  }, [client]);
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} title={t('again.title')} closeOnEscape={false} closeOnClickOutside={false}>
      <Stack data-testid="sign-in-again">
        <Text size="md">{t('again.text')}</Text>
        <Text size="sm" c="dimmed">
          {t('again.waiting')}
        </Text>
        <Group>
          <Button component="a" href={serverURL('sign-in?return=/signed-in')} target="_blank" size="md" data-testid="sign-in-beside">
            {t('again.signIn')}
          </Button>
          <Button variant="default" size="md" onClick={() => void client.refetchQueries({ queryKey: sessionKey })} data-testid="signed-in-check">
            {t('again.check')}
          </Button>
          <Button variant="subtle" size="md" component="a" href={serverURL('')}>
            {t('again.leave')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
