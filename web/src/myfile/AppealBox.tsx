import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconGavel } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FileAttempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { AppealForm } from './AppealForm';
import classes from './MyFile.module.css';

const colors = { open: 'orange', granted: 'teal', rejected: 'gray' };

/** The appeals on an attempt, and the way to file one. */
export function AppealBox({ attempt }: { attempt: FileAttempt }) {
  const { t } = useTranslation('myfile');
  const format = useFormat();
  const [writing, setWriting] = useState(false);
  return (
    <Stack gap="md" data-testid="appeal-box">
      {attempt.appeals.map((appeal) => (
        <Stack key={appeal.id} gap={6} data-testid="my-appeal" data-state={appeal.state} data-number={appeal.number}>
          <Group gap="sm">
            <Text fw={600}>{t('appeal.number', { number: appeal.number })}</Text>
            <Badge variant="light" color={colors[appeal.state]}>
              {t(`appeal.state.${appeal.state}`)}
            </Badge>
            <Text size="sm" c="dimmed">
              {t('appeal.filed', { at: format.dateTime(appeal.filedAt) })}
            </Text>
          </Group>
          <Text size="sm" className={classes.text}>
            {appeal.text}
          </Text>
          {appeal.state === 'open' && (
            <Text size="sm" c="dimmed">
              {t('appeal.waiting')}
            </Text>
          )}
          {appeal.decidedAt !== undefined && (
            <Alert color={colors[appeal.state]} title={`${t('appeal.decision')}, ${format.dateTime(appeal.decidedAt)}`} role="status">
              {appeal.remedy === 'try' && <Text size="sm">{t('appeal.try')}</Text>}
              {appeal.remedy === 'annul' && <Text size="sm">{t('appeal.annul')}</Text>}
              <Text size="sm" className={classes.text} data-testid="appeal-reason">
                {appeal.reason}
              </Text>
            </Alert>
          )}
        </Stack>
      ))}
      {attempt.mayAppeal && !writing && (
        <Stack gap="xs" align="flex-start">
          <Text size="sm">
            {t('appeal.lead')} {attempt.appealUntil !== undefined && t('appeal.until', { at: format.dateTime(attempt.appealUntil) })}
          </Text>
          <Button variant="light" leftSection={<IconGavel size={18} aria-hidden />} onClick={() => setWriting(true)} data-testid="appeal-open">
            {t('appeal.open')}
          </Button>
        </Stack>
      )}
      {attempt.mayAppeal && writing && <AppealForm attemptId={attempt.id} onClose={() => setWriting(false)} />}
      {attempt.whyNot === 'appeal_late' && attempt.appealUntil !== undefined && (
        <Text size="sm" c="dimmed" data-testid="appeal-late">
          {t('appeal.late', { at: format.dateTime(attempt.appealUntil) })}
        </Text>
      )}
    </Stack>
  );
}
