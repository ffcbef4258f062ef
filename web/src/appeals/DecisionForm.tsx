import { Button, Card, Radio, Stack, Textarea, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AppealDetail } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';

/** The decision: one of three, and its reason. */
export function DecisionForm({ appeal }: { appeal: AppealDetail }) {
  const { t } = useTranslation('appeals');
  const client = useQueryClient();
  const [choice, setChoice] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState(false);
  const remedy = choice === 'try' || choice === 'annul' ? choice : '';
  const decide = useMutation({
    mutationFn: () => api.decideAppeal(appeal.id, { grant: remedy !== '', remedy, reason: reason.trim() }),
    onSuccess: async (changed) => {
      client.setQueryData(['appeal', appeal.id], changed);
      await client.invalidateQueries({ queryKey: ['appeals'] });
    },
  });
  const empty = reason.trim() === '';
  return (
    <Card padding="md" data-testid="decide-form">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (choice !== '' && !empty) setAsking(true);
        }}
      >
        <Stack gap="md">
          <Title order={2} size="h4">
            {t('decision')}
          </Title>
          <Radio.Group label={t('remedy')} required value={choice} onChange={setChoice} error={tried && choice === '' ? t('choose') : undefined}>
            <Stack gap="xs" mt="xs">
              <Radio value="reject" label={t('reject')} data-testid="decide-reject" />
              <Radio value="annul" label={t('annul')} data-testid="decide-annul" />
              <Radio
                value="try"
                label={t('try')}
                disabled={appeal.examOver}
                description={appeal.examOver ? t('tryOver') : undefined}
                data-testid="decide-try"
              />
            </Stack>
          </Radio.Group>
          <Textarea
            label={t('reason')}
            description={t('reasonHint')}
            autosize
            minRows={3}
            maxRows={10}
            maxLength={2000}
            required
            error={tried && empty ? t('required') : undefined}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-testid="decide-reason"
          />
          <Button type="submit" data-testid="decide">
            {t('decide')}
          </Button>
        </Stack>
      </form>
      <ConfirmModal
        opened={asking}
        title={t('confirmTitle')}
        text={t('confirmText')}
        confirmLabel={t('decide')}
        pending={decide.isPending}
        error={decide.error}
        onConfirm={() => decide.mutate()}
        onClose={() => setAsking(false)}
        testId="decide"
      />
    </Card>
  );
}
