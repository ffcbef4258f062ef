import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { attemptStates, type FileDecision } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ClipPlayer } from './ClipPlayer';
import classes from './MyFile.module.css';
import { useReasonText } from './useReasonText';

/** One decision: what, when, why, by whom, by which scores, and the video around it. */
export function DecisionItem({ decision }: { decision: FileDecision }) {
  const { t } = useTranslation(['myfile', 'common']);
  const format = useFormat();
  const reason = useReasonText();
  const [shown, setShown] = useState(false);
  const { identification, clip } = decision;
  const state = attemptStates.find((known) => known === decision.state);
  const scores: [string, number | undefined][] =
    identification?.score === undefined
      ? []
      : [
          [t('decisions.score'), identification.score.overall],
          [t('decisions.photo'), identification.score.photo],
          [t('decisions.sound'), identification.score.sound],
          [t('decisions.threshold'), identification.threshold],
        ];
  return (
    <Stack gap={6} className={classes.decision} data-testid="decision" data-kind={decision.kind} data-outcome={identification?.outcome ?? decision.state}>
      <Group gap="sm">
        <Text fw={600}>
          {identification !== undefined
            ? t('decisions.number', { number: identification.number })
            : state === undefined
              ? decision.state
              : t(`common:state.${state}`)}
        </Text>
        {identification !== undefined && (
          <Badge variant="light" color={identification.outcome === 'match' ? 'teal' : 'red'}>
            {t(`common:outcome.${identification.outcome}`)}
          </Badge>
        )}
        <Text size="sm" c="dimmed">
          {format.stamp(decision.at)}
        </Text>
      </Group>
      <Text size="sm">{identification !== undefined ? format.pick(identification.message) : reason(decision.reason ?? '')}</Text>
      {scores.length > 0 && (
        <Text component="dl" size="sm" className={classes.scores}>
          {scores.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value === undefined ? '—' : format.score(value)}</dd>
            </div>
          ))}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {decision.actor === undefined ? t('decisions.service') : t('decisions.by', { name: decision.actor })}
        {identification?.logIndex !== undefined && ` · ${t('decisions.log')} № ${identification.logIndex}`}
      </Text>
      {clip !== undefined && (
        <div>
          <Button
            size="xs"
            variant="light"
            leftSection={shown ? <IconX size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />}
            onClick={() => setShown(!shown)}
            data-testid="show-clip"
          >
            {shown ? t('decisions.hide') : t('decisions.show')}
          </Button>
        </div>
      )}
      {clip !== undefined && shown && <ClipPlayer clip={clip} />}
    </Stack>
  );
}
