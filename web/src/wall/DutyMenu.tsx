import { Button, Popover, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useSession } from '../api/session';
import type { ProctorList, StaffCard } from '../api/types';

interface DutyMenuProps {
  examId: string;
  /** Who have the room open now. */
  people: StaffCard[];
  onHandOver: () => void;
}

/** Who watches the room besides oneself, one's own duty, and handing it over. */
export function DutyMenu({ examId, people, onHandOver }: DutyMenuProps) {
  const { t } = useTranslation('wall');
  const me = useSession().data?.person?.id;
  const client = useQueryClient();
  const key = ['proctors', examId];
  const proctors = useQuery({ queryKey: key, queryFn: ({ signal }) => api.proctors(examId, signal), refetchInterval: 60_000 });
  const { refetch } = proctors;
  const here = people.map(({ id }) => id).join(' ');
  useEffect(() => {
    if (here !== '') void refetch();
  }, [here, refetch]);
  const mine = proctors.data?.proctors.find(({ id }) => id === me);
  const duty = useMutation({
    mutationFn: (on: boolean) => api.setDuty(examId, me ?? '', on),
    onSuccess: (list) => client.setQueryData<ProctorList>(key, list),
  });
  const onDuty = mine?.onDuty === true;
  const shown = (proctors.data?.proctors ?? []).filter((one) => one.onDuty || people.some(({ id }) => id === one.id));
  return (
    <Popover position="bottom-end" width={320} withRoles trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="sm"
          variant={onDuty ? 'light' : 'default'}
          leftSection={<IconUsers size={18} aria-hidden />}
          data-testid="duty"
          data-on={onDuty}
          data-here={people.length}
        >
          {onDuty ? t('duty.mine') : t('duty.here', { count: people.length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('duty.people')}>
        <Stack gap="xs">
          <Text size="xs" c="dimmed">
            {t('duty.people')}
          </Text>
          {shown.map((one) => (
            <Text key={one.id} size="sm" data-testid={`present-${one.id}`}>
              {one.name}
              <Text span size="xs" c="dimmed">
                {' '}
                {[one.onDuty && t('handover.onDuty'), people.some(({ id }) => id === one.id) && t('handover.here')].filter(Boolean).join(', ')}
              </Text>
            </Text>
          ))}
          <Button size="sm" variant="light" loading={duty.isPending} disabled={me === undefined} onClick={() => duty.mutate(!onDuty)} data-testid="duty-toggle">
            {onDuty ? t('duty.end') : t('duty.begin')}
          </Button>
          <Button size="sm" variant="default" onClick={onHandOver} data-testid="hand-over-all">
            {t('duty.handOver')}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
