import { Alert, Button, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { conclusionResults, type Attempt, type Conclusion, type ConclusionResult } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';

const reviewable: Attempt['state'][] = ['finished', 'terminated', 'reviewed'];

/** What the review came to: the result and why; a newer one takes the place of the one before. */
export function ConclusionPanel({ attempt, open }: { attempt: Attempt; open: number }) {
  const { t } = useTranslation('review');
  const { stamp } = useFormat();
  const client = useQueryClient();
  const key = ['review', attempt.id, 'conclusion'];
  const known = useQuery({ queryKey: key, queryFn: ({ signal }) => api.conclusion(attempt.id, signal) });
  const [result, setResult] = useState<ConclusionResult>('no_violation');
  const [text, setText] = useState('');
  const conclude = useMutation({
    mutationFn: () => api.conclude(attempt.id, result, text.trim()),
    onSuccess: (told) => {
      client.setQueryData<Conclusion>(key, told);
      setText('');
      void client.invalidateQueries({ queryKey: ['review', attempt.id] });
    },
  });
  const told = known.data;
  return (
    <Stack p="md" gap="md" data-testid="conclusion-panel" data-result={told?.result ?? ''}>
      {known.isError && <ProblemAlert error={known.error} onRetry={() => void known.refetch()} />}
      {told !== undefined && told.result !== '' && (
        <Alert color={told.result === 'violation' ? 'red' : 'teal'} title={t(`result.${told.result}`)} role="status">
          <Stack gap={4}>
            {told.text !== undefined && told.text !== '' && <Text size="sm">{told.text}</Text>}
            <Text size="xs" c="dimmed">
              {told.by}, {told.at === undefined ? '' : stamp(told.at)}
            </Text>
          </Stack>
        </Alert>
      )}
      {reviewable.includes(attempt.state) ? (
        <>
          {open > 0 && (
            <Text size="sm" c="dimmed">
              {t('result.open', { count: open })}
            </Text>
          )}
          <Radio.Group label={t('result.label')} value={result} onChange={(value) => setResult(value)}>
            <Stack gap="xs" mt="xs">
              {conclusionResults.map((code) => (
                <Radio key={code} value={code} label={t(`result.${code}`)} data-testid={`result-${code}`} />
              ))}
            </Stack>
          </Radio.Group>
          <Textarea
            label={result === 'violation' ? t('result.why') : t('result.comment')}
            autosize
            minRows={3}
            maxRows={8}
            maxLength={1000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            data-testid="result-text"
          />
          {conclude.isError && <ProblemAlert error={conclude.error} />}
          <Button
            loading={conclude.isPending}
            disabled={result === 'violation' && text.trim() === ''}
            onClick={() => conclude.mutate()}
            data-testid="conclude"
          >
            {attempt.state === 'reviewed' ? t('result.again') : t('result.confirm')}
          </Button>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t('result.later')}
        </Text>
      )}
    </Stack>
  );
}
