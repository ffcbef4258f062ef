import { Badge, Button, Card, Collapse, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConsentItem } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ConsentTextBox } from './ConsentTextBox';

const day = 24 * 60 * 60 * 1000;

interface ConsentCardProps {
  item: ConsentItem;
  standing: boolean;
  eraseDays: number;
}

/** One consent: what it is to, who gave it when, whether it stands, and its text in full. */
export function ConsentCard({ item, standing, eraseDays }: ConsentCardProps) {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const state = standing ? 'standing' : item.withdrawnAt !== undefined ? 'withdrawn' : 'outdated';
  return (
    <Card padding="lg" data-testid={`consent-${item.id}`} data-state={state}>
      <Stack gap="sm" align="flex-start">
        <Group gap="xs">
          <Badge variant="light" size="lg" color={standing ? 'teal' : 'gray'}>
            {t(`state.${state}`)}
          </Badge>
          <Text size="sm" c="dimmed">
            {t('version', { version: item.text.version })}
          </Text>
        </Group>
        <Text fw={600}>{item.text.title}</Text>
        <Text size="md">
          {item.guardian === undefined
            ? t('grantedAt', { at: format.dateTime(item.grantedAt) })
            : t('grantedBy', { at: format.dateTime(item.grantedAt), name: item.guardian })}
        </Text>
        {item.withdrawnAt !== undefined && (
          <Text size="md">
            {t('withdrawnAt', { at: format.dateTime(item.withdrawnAt), name: item.withdrawnBy ?? '' })}{' '}
            {t('withdraw.erasedBy', { date: format.date(new Date(Date.parse(item.withdrawnAt) + eraseDays * day).toISOString()) })}
          </Text>
        )}
        <Button variant="subtle" size="sm" px={0} onClick={() => setOpen(!open)} aria-expanded={open} data-testid="consent-show">
          {open ? t('hideText') : t('showText')}
        </Button>
        <Collapse expanded={open} w="100%">
          <ConsentTextBox text={item.text} />
        </Collapse>
      </Stack>
    </Card>
  );
}
