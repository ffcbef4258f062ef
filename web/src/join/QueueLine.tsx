import { Group, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';

const askEveryMs = 10_000;

/** The place among those who wait for a member of staff. Others who leave the queue tell this page nothing: it asks. */
export function QueueLine({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('way');
  const client = useQueryClient();
  useEffect(() => {
    const timer = setInterval(() => void client.invalidateQueries({ queryKey: ['attempt', attempt.id] }), askEveryMs);
    return () => clearInterval(timer);
  }, [client, attempt.id]);
  const { queue } = attempt;
  if (queue === undefined) return null;
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start" role="status" data-testid="queue" data-place={queue.place}>
      <IconUsers size={22} aria-hidden />
      <div>
        <Text size="md" fw={600}>
          {queue.place === 1 ? t('queue.next') : t('queue.place', { place: queue.place })}
        </Text>
        <Text size="md">
          {t('queue.of', { count: queue.length })}. {t('queue.keep')}
        </Text>
      </div>
    </Group>
  );
}
