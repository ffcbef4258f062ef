import { Alert, Button, Checkbox, Divider, Group, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useSession } from '../api/session';
import {
  manualComparisons,
  manualDocuments,
  type Attempt,
  type ManualComparison,
  type ManualDocument,
  type ManualIdentification,
} from '../api/types';
import { useFormat } from '../i18n/useFormat';
import type { Viewer } from '../rtc/viewer';
import { ProblemAlert } from '../shell/ProblemAlert';
import { RefuseManualModal } from './RefuseManualModal';

interface ManualPanelProps {
  attempt: Attempt;
  manual: ManualIdentification;
  /** Her camera is received: what both look at. */
  connected: boolean;
  viewer: Viewer;
}

/** Two members of staff compare the student with her document: what the first one saw, and this one's word. */
export function ManualPanel({ attempt, manual, connected, viewer }: ManualPanelProps) {
  const { t } = useTranslation('wall');
  const format = useFormat();
  const { data: session } = useSession();
  const known = manualDocuments.find((kind) => kind === manual.document);
  const [chosen, setChosen] = useState<ManualDocument>('passport');
  const [compared, setCompared] = useState<ManualComparison[]>([]);
  const [refusing, setRefusing] = useState(false);
  const document = known ?? chosen;
  const confirm = useMutation({
    mutationFn: () => api.confirmManual(attempt.id, document, compared),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const mine = manual.firstId !== undefined && manual.firstId === session?.person?.id;
  const whole = compared.includes('face') && compared.includes('name');
  return (
    <Stack gap="sm" data-testid="manual-panel" data-step={manual.first === undefined ? 'first' : mine ? 'waiting' : 'second'}>
      <Divider label={t('manual.title')} labelPosition="left" />
      <Text size="sm">{t('manual.lead', { why: t(`manual.why.${manual.why}`) })}</Text>
      {manual.first !== undefined && manual.firstAt !== undefined && (
        <Alert color="teal" p="xs" role="status">
          <Text size="sm">
            {t('manual.first', { name: manual.first, at: format.time(manual.firstAt), document: t(`manual.document.${document}`) })}
          </Text>
          {mine && (
            <Text size="sm" fw={600} mt={4}>
              {t('manual.secondNeeded')}
            </Text>
          )}
        </Alert>
      )}
      {!mine && (
        <>
          {known === undefined && (
            <Select
              label={t('manual.documentLabel')}
              data={manualDocuments.map((kind) => ({ value: kind, label: t(`manual.document.${kind}`) }))}
              value={chosen}
              allowDeselect={false}
              onChange={(value) => value !== null && setChosen(value)}
              data-testid="manual-document"
            />
          )}
          <Checkbox.Group
            label={t('manual.compared')}
            description={t('manual.comparedHint')}
            value={compared}
            onChange={(values) => setCompared(manualComparisons.filter((one) => values.includes(one)))}
          >
            <Stack gap={6} mt={6}>
              {manualComparisons.map((one) => (
                <Checkbox key={one} value={one} label={t(`manual.comparison.${one}`, { name: attempt.student.displayName })} data-testid={`compared-${one}`} />
              ))}
            </Stack>
          </Checkbox.Group>
          {confirm.isError && <ProblemAlert error={confirm.error} />}
          {!connected && (
            <Text size="sm" c="red">
              {t('manual.offline')}
            </Text>
          )}
        </>
      )}
      <Group gap="xs">
        {!mine && (
          <Button size="sm" disabled={!whole || !connected} loading={confirm.isPending} onClick={() => confirm.mutate()} data-testid="manual-confirm">
            {manual.first === undefined ? t('manual.confirmFirst') : t('manual.confirmSecond')}
          </Button>
        )}
        <Button size="sm" variant="default" onClick={() => setRefusing(true)} data-testid="manual-refuse">
          {t('manual.refuse')}
        </Button>
      </Group>
      <RefuseManualModal attempt={attempt} viewer={viewer} opened={refusing} onClose={() => setRefusing(false)} />
    </Stack>
  );
}
