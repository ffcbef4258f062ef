import { Group, List, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExamCard } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ClockNotice } from './ClockNotice';
import { Countdown } from './Countdown';
import classes from './Join.module.css';
import { PhoneNeed } from './PhoneNeed';
import { ScreenNeed } from './ScreenNeed';
import { useRecordedNames } from './useRecordedNames';
import { WatchNotice } from './WatchNotice';

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

/** Everything about the exam that a student asks for beforehand. */
export function ExamCardView({ card }: { card: ExamCard }) {
  const { t } = useTranslation('join');
  const format = useFormat();
  const recorded = useRecordedNames(card.recorded);
  return (
    <Stack gap="lg">
      <Group>
        <Countdown card={card} />
      </Group>
      <ClockNotice />
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
      {card.accommodation !== undefined && (
        <Stack gap={4} data-testid="my-accommodation">
          <Text size="sm" className={classes.term}>
            {t('card.accommodation')}
          </Text>
          {card.accommodation.moreMinutes > 0 && <Text>{t('card.accommodationMore', { count: card.accommodation.moreMinutes })}</Text>}
          {card.accommodation.noVoice && <Text>{t('card.accommodationNoVoice')}</Text>}
        </Stack>
      )}
      <Stack gap="xs">
        <Text size="sm" className={classes.term}>
          {t('card.need')}
        </Text>
        <List size="md" spacing={6} center icon={<IconCheck size={20} color="var(--mantine-color-teal-6)" aria-hidden />}>
          <List.Item>{t('card.needEsia')}</List.Item>
          {card.recorded.includes('screen') ? <ScreenNeed /> : <List.Item>{t('card.needDevices')}</List.Item>}
          {card.recorded.includes('phone') && (
            <List.Item>
              <PhoneNeed />
            </List.Item>
          )}
          <List.Item>{t('card.needPlace')}</List.Item>
        </List>
      </Stack>
      <WatchNotice watch={card.page} />
    </Stack>
  );
}
