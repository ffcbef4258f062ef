import { ActionIcon, Badge, Group, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconCheck, IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { EventFlag, TimelineEvent } from '../api/types';

interface FlagActionsProps {
  attemptId: string;
  flag: EventFlag;
  /** What the flag is about, for those who do not see where the buttons stand. */
  what: string;
}

/** A machine's hint is confirmed or dismissed by a person, who may think again. */
export function FlagActions({ attemptId, flag, what }: FlagActionsProps) {
  const { t } = useTranslation('review');
  const client = useQueryClient();
  const judge = useMutation({
    mutationFn: (verdict: EventFlag['verdict']) => api.judgeFlag(attemptId, flag.id, verdict),
    onSuccess: (told) => client.setQueryData<{ events: TimelineEvent[] }>(['review', attemptId, 'timeline'], told),
  });
  const button = (label: string, icon: React.ReactNode, verdict: EventFlag['verdict'], testId: string, color?: string) => (
    <Tooltip label={label}>
      <ActionIcon
        size="md"
        variant="light"
        {...(color === undefined ? {} : { color })}
        aria-label={`${label}: ${what}`}
        loading={judge.isPending}
        onClick={() => judge.mutate(verdict)}
        data-testid={testId}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  if (flag.verdict === '') {
    return (
      <Group gap={4} wrap="nowrap" data-testid="flag" data-verdict="">
        {button(t('flag.confirm'), <IconCheck size={16} aria-hidden />, 'confirmed', 'confirm-flag', 'red')}
        {button(t('flag.dismiss'), <IconX size={16} aria-hidden />, 'dismissed', 'dismiss-flag', 'gray')}
      </Group>
    );
  }
  return (
    <Group gap={4} wrap="nowrap" data-testid="flag" data-verdict={flag.verdict}>
      <Tooltip label={flag.by ?? ''}>
        <Badge variant="light" color={flag.verdict === 'confirmed' ? 'red' : 'gray'}>
          {t(`flag.${flag.verdict}`)}
        </Badge>
      </Tooltip>
      {button(t('flag.undo'), <IconArrowBackUp size={16} aria-hidden />, '', 'undo-flag', 'gray')}
    </Group>
  );
}
