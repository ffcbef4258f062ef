import { Badge, Divider, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useQualityText } from '../i18n/useQualityText';
import { useFormat } from '../i18n/useFormat';
import { Doubts } from './Doubts';
import { ScoreBar } from './ScoreBar';

/** The last identification: outcome, scores against the threshold, reason, quality. */
export function IdentificationPanel({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation(['wall', 'common']);
  const format = useFormat();
  const last = attempt.lastIdentification;
  const quality = useQualityText();
  const tries = t('identification.tries', { left: attempt.triesLeft, total: attempt.triesTotal });
  if (last === undefined) {
    return (
      <Stack gap={4} data-testid="identification-result" data-outcome="">
        <Divider label={t('identification.title')} labelPosition="left" />
        <Text size="sm" c="dimmed">
          {t('identification.none')} · {tries}
        </Text>
      </Stack>
    );
  }
  const matched = last.outcome === 'match';
  return (
    <Stack gap="xs" data-testid="identification-result" data-outcome={last.outcome} data-reason={last.reason}>
      <Divider label={t('identification.title')} labelPosition="left" />
      <Group justify="space-between">
        <Badge size="lg" color={matched ? 'teal' : 'red'} variant="light">
          {t(`common:outcome.${last.outcome}`)}
        </Badge>
        <Text size="sm" c="dimmed">
          {last.kind === 'again'
            ? t('identification.again', { number: last.number, at: format.stamp(last.at) })
            : t('identification.at', { number: last.number, at: format.stamp(last.at) })}
        </Text>
      </Group>
      <Text size="sm">{format.pick(last.message)}</Text>
      {last.score !== undefined && (
        <Stack gap={8}>
          <ScoreBar label={t('identification.overall')} value={last.score.overall} threshold={last.threshold} />
          <ScoreBar label={t('identification.photo')} value={last.score.photo} />
          {last.score.sound !== undefined && <ScoreBar label={t('identification.sound')} value={last.score.sound} />}
        </Stack>
      )}
      <Text size="sm" c="dimmed">
        {t('identification.threshold', { threshold: format.score(last.threshold) })}
        {last.liveness !== undefined && ` · ${t('identification.liveness', { value: format.score(last.liveness) })}`}
        {!matched && ` · ${tries}`}
      </Text>
      <Doubts identification={last} />
      {last.quality !== undefined && last.quality.length > 0 && (
        <Text size="sm" c="dimmed" data-testid="quality">
          {t('identification.weakest', { list: quality(last, 3) })}
        </Text>
      )}
    </Stack>
  );
}
