import { Button, Group, NumberInput, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AppealPolicy } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';

/** The two numbers, to be changed. */
export function TermsForm({ terms }: { terms: AppealPolicy }) {
  const { t } = useTranslation('appeals');
  const client = useQueryClient();
  const [days, setDays] = useState(terms.days);
  const [holdDays, setHoldDays] = useState(terms.holdDays);
  const save = useMutation({
    mutationFn: () => api.setAppealPolicy({ days, holdDays }),
    onSuccess: (changed) => client.setQueryData(['appeal-policy'], changed),
  });
  const same = days === terms.days && holdDays === terms.holdDays;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Group align="flex-end" gap="md">
        <NumberInput
          label={t('terms.days')}
          description={t('terms.daysHint')}
          min={1}
          max={365}
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Math.max(1, Number(value)))}
          data-testid="appeal-days"
        />
        <NumberInput
          label={t('terms.hold')}
          description={t('terms.holdHint')}
          min={0}
          max={3650}
          allowDecimal={false}
          value={holdDays}
          onChange={(value) => setHoldDays(Number(value))}
          data-testid="appeal-hold-days"
        />
        <Button type="submit" variant="default" disabled={same} loading={save.isPending} data-testid="appeal-terms-save">
          {t('terms.save')}
        </Button>
        {save.isSuccess && same && (
          <Text size="sm" c="dimmed" role="status">
            {t('terms.saved')}
          </Text>
        )}
      </Group>
      {save.isError && <ProblemAlert error={save.error} />}
    </form>
  );
}
