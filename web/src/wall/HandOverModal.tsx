import { Badge, Group, Radio, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useSession } from '../api/session';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';

interface HandOverModalProps {
  examId: string;
  /** The students to hand over; none: the whole duty. */
  attempts: { id: string; name: string }[];
  opened: boolean;
  onClose: () => void;
}

/** Another proctor takes over; for the students nothing changes. */
export function HandOverModal({ examId, attempts, opened, onClose }: HandOverModalProps) {
  const { t } = useTranslation(['wall', 'common']);
  const me = useSession().data?.person?.id;
  const [to, setTo] = useState('');
  const proctors = useQuery({ queryKey: ['proctors', examId], queryFn: ({ signal }) => api.proctors(examId, signal), enabled: opened });
  const hand = useMutation({
    mutationFn: () => api.handOver(examId, to, attempts.map(({ id }) => id)),
    onSuccess: () => {
      void proctors.refetch();
      notifications.show({ color: 'teal', message: t('handover.done'), closeButtonProps: { 'aria-label': t('common:close') } });
      onClose();
    },
  });
  const others = (proctors.data?.proctors ?? []).filter(({ id }) => attempts.length > 0 || id !== me);
  const only = attempts.length === 1 ? attempts[0]?.name : undefined;
  return (
    <ConfirmModal
      opened={opened}
      title={t('handover.title')}
      text={only !== undefined ? t('handover.textOne', { name: only }) : t('handover.textAll')}
      confirmLabel={t('handover.confirm')}
      pending={hand.isPending}
      error={hand.error}
      onConfirm={() => to !== '' && hand.mutate()}
      onClose={onClose}
      testId="hand-over"
    >
      {proctors.isError && <ProblemAlert error={proctors.error} onRetry={() => void proctors.refetch()} />}
      <Radio.Group label={t('handover.to')} value={to} onChange={setTo}>
        <Stack gap="xs" mt="xs">
          {others.map((proctor) => (
            <Radio
              key={proctor.id}
              value={proctor.id}
              data-testid={`hand-to-${proctor.id}`}
              label={
                <Group gap={6}>
                  {proctor.id === me ? t('handover.me', { name: proctor.name }) : proctor.name}
                  {proctor.here && <Badge color="teal" variant="light">{t('handover.here')}</Badge>}
                  {proctor.onDuty && <Badge variant="light">{t('handover.onDuty')}</Badge>}
                  {proctor.students > 0 && (
                    <Text span size="xs" c="dimmed">
                      {t('handover.students', { count: proctor.students })}
                    </Text>
                  )}
                </Group>
              }
            />
          ))}
        </Stack>
      </Radio.Group>
      {proctors.data !== undefined && others.length === 0 && <Text size="sm" c="dimmed">{t('handover.nobody')}</Text>}
    </ConfirmModal>
  );
}
