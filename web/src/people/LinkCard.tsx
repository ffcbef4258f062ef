import { Button, Card, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconLink, IconLinkOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, linkURL } from '../api/client';
import type { AccountPage } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import classes from './People.module.css';
import { useAccountChange } from './useAccountChange';

interface LinkCardProps {
  linked: AccountPage['linked'];
  hasLogin: boolean;
}

/** The linked Gosuslugi account, or the way to link one. */
export function LinkCard({ linked, hasLogin }: LinkCardProps) {
  const { t } = useTranslation('people');
  const format = useFormat();
  const [asking, setAsking] = useState(false);
  const unlink = useAccountChange(() => api.unlink());
  return (
    <Card data-testid="link-card" data-linked={linked !== undefined}>
      <Stack gap="md" align="flex-start">
        <Title order={2} size="h3">
          {t('account.esiaTitle')}
        </Title>
        <Group gap="md" wrap="nowrap" align="flex-start">
          <ThemeIcon size={40} radius="md" variant="light" color={linked === undefined ? 'orange' : 'teal'}>
            {linked === undefined ? <IconLinkOff aria-hidden /> : <IconLink aria-hidden />}
          </ThemeIcon>
          <div>
            <Text fw={600}>{linked === undefined ? t('account.notLinked') : t('account.linked', { account: linked.account })}</Text>
            <Text size="md" c="dimmed">
              {linked === undefined ? t('account.notLinkedText') : t('account.linkedAt', { date: format.date(linked.at) })}
            </Text>
          </div>
        </Group>
        {linked === undefined && (
          <Button component="a" href={linkURL()} classNames={{ root: classes.wrap, label: classes.wrapLabel }} data-testid="link">
            {t('account.link')}
          </Button>
        )}
        {linked !== undefined && hasLogin && (
          <Button variant="default" onClick={() => setAsking(true)} data-testid="unlink">
            {t('account.unlink')}
          </Button>
        )}
        {linked !== undefined && !hasLogin && (
          <Text size="sm" c="dimmed">
            {t('account.unlinkNeedsLogin')}
          </Text>
        )}
      </Stack>
      <ConfirmModal
        opened={asking}
        title={t('account.unlinkTitle')}
        text={t('account.unlinkText')}
        confirmLabel={t('account.unlink')}
        danger
        pending={unlink.isPending}
        error={unlink.error}
        onConfirm={() => unlink.mutate(undefined, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
        testId="unlink"
      />
    </Card>
  );
}
