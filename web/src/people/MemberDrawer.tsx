import { Alert, Badge, Button, Code, Drawer, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Member } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';

const byHand = ['proctor', 'registrar', 'administrator', 'student'] as const;

interface MemberDrawerProps {
  member: Member;
  onClose: () => void;
}

/** One person's roles and login, to be changed. */
export function MemberDrawer({ member, onClose }: MemberDrawerProps) {
  const { t } = useTranslation(['people', 'common']);
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['members'] });
  const setRole = useMutation({
    mutationFn: ({ role, have }: { role: (typeof byHand)[number]; have: boolean }) => api.setRole(member.id, role, have),
    onSettled: refresh,
  });
  const issue = useMutation({ mutationFn: () => api.issueLogin(member.id), onSettled: refresh });
  const [asking, setAsking] = useState(false);
  const groups = member.roles.filter(({ source }) => source === 'esia');
  return (
    <Drawer opened onClose={onClose} position="right" title={member.displayName} closeButtonProps={{ 'aria-label': t('common:close') }}>
      <Stack gap="xl">
        <Stack gap="sm">
          <Title order={3} size="h4">
            {t('people.drawerRoles')}
          </Title>
          {setRole.isError && <ProblemAlert error={setRole.error} />}
          {byHand.map((role) => (
            <Switch
              key={role}
              label={t(`common:role.${role}`)}
              checked={member.roles.some((given) => given.role === role && given.source === 'hand')}
              disabled={setRole.isPending}
              onChange={(event) => setRole.mutate({ role, have: event.currentTarget.checked })}
              data-testid={`role-${role}`}
            />
          ))}
        </Stack>
        {groups.length > 0 && (
          <Stack gap="sm">
            <Title order={3} size="h4">
              {t('people.drawerGroups')}
            </Title>
            <Group gap={6}>
              {groups.map(({ role, group }) => (
                <Badge key={`${role}-${group}`} variant="light" color="grape">
                  {t(`common:role.${role}`)} · {group}
                </Badge>
              ))}
            </Group>
            <Text size="sm" c="dimmed">
              {t('people.drawerGroupsText')}
            </Text>
          </Stack>
        )}
        <Stack gap="sm" align="flex-start">
          <Title order={3} size="h4">
            {t('people.drawerLogin')}
          </Title>
          <Text size="sm" c="dimmed">
            {member.login === '' ? t('people.issueText') : t('people.login', { login: member.login })}
          </Text>
          {issue.isError && <ProblemAlert error={issue.error} />}
          {issue.data !== undefined && (
            <Alert color="teal" role="status" data-testid="issued-login" data-login={issue.data.login} data-password={issue.data.password}>
              <Stack gap={6}>
                <Text size="sm">
                  {t('people.issuedLogin')}: <Code fz="md">{issue.data.login}</Code>
                </Text>
                <Text size="sm">
                  {t('people.issuedPassword')}: <Code fz="md">{issue.data.password}</Code>
                </Text>
                <Text size="sm">{t('people.issued')}</Text>
              </Stack>
            </Alert>
          )}
          <Button
            variant="default"
            loading={issue.isPending}
            onClick={() => (member.login === '' ? issue.mutate() : setAsking(true))}
            data-testid="issue-login"
          >
            {member.login === '' ? t('people.issue') : t('people.reset')}
          </Button>
        </Stack>
      </Stack>
      <ConfirmModal
        opened={asking}
        title={t('people.resetTitle')}
        text={t('people.resetText')}
        confirmLabel={t('people.reset')}
        danger
        pending={issue.isPending}
        onConfirm={() => issue.mutate(undefined, { onSettled: () => setAsking(false) })}
        onClose={() => setAsking(false)}
        testId="reset"
      />
    </Drawer>
  );
}
