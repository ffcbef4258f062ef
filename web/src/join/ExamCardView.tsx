import { Badge, Group, List, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExamCard } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Join.module.css';
import { useRecordedNames } from './useRecordedNames';

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={2}>
      <Text size="sm" className={classes.term}>
        {label}
      </Text>
      <Text component="div">{children}</Text>
    </Stack>
  );
}

function StartBadge({ card }: { card: ExamCard }) {
  const { t } = useTranslation('join');
  const format = useFormat();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const minutes = Math.ceil((Date.parse(card.startsAt) - now) / 60_000);
  if (now > Date.parse(card.endsAt)) return <Badge size="xl" color="gray">{t('card.over')}</Badge>;
  if (minutes <= 0) return <Badge size="xl" color="teal" variant="light">{t('card.running')}</Badge>;
  if (minutes <= 90) return <Badge size="xl" variant="light">{t('card.startsIn', { count: minutes })}</Badge>;
  return <Badge size="xl" variant="light">{t('card.startsLater', { when: format.dateTime(card.startsAt) })}</Badge>;
}

/** Everything about the exam that a student asks for beforehand. */
export function ExamCardView({ card }: { card: ExamCard }) {
  const { t } = useTranslation('join');
  const format = useFormat();
  const recorded = useRecordedNames(card.recorded);
  return (
    <Stack gap="lg">
      <Group>
        <StartBadge card={card} />
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="md">
        <Field label={t('card.when')}>
          {format.period(card.startsAt, card.endsAt)}
          <Text size="sm" c="dimmed">
            {t('card.timeZone', { zone: format.timeZone() })}
          </Text>
        </Field>
        <Field label={t('card.recorded')}>
          {recorded}
          <Text size="sm" c="dimmed">
            {t('card.recordedWho')}
          </Text>
        </Field>
        {card.actNumber !== '' && (
          <Field label={t('card.act')}>
            {card.actDate === ''
              ? t('card.actNumber', { number: card.actNumber })
              : t('card.actValue', { number: card.actNumber, date: format.date(card.actDate) })}
          </Field>
        )}
        {card.contact !== '' && <Field label={t('card.contact')}>{card.contact}</Field>}
      </SimpleGrid>
      <Stack gap="xs">
        <Text size="sm" className={classes.term}>
          {t('card.need')}
        </Text>
        <List size="md" spacing={6} center icon={<IconCheck size={20} color="var(--mantine-color-teal-6)" aria-hidden />}>
          <List.Item>{t('card.needEsia')}</List.Item>
          <List.Item>{t('card.needDevices')}</List.Item>
          <List.Item>{t('card.needPlace')}</List.Item>
        </List>
      </Stack>
    </Stack>
  );
}
