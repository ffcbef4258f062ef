import { Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { AccessGroup } from '../api/types';
import { ConfirmModal } from '../shell/ConfirmModal';
import { LoadingView } from '../shell/LoadingView';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './People.module.css';

const groupRoles: AccessGroup['role'][] = ['proctor', 'registrar', 'administrator'];

/** Which access group at Gosuslugi gives which role. */
export function GroupsPanel() {
  const { t } = useTranslation(['people', 'common']);
  const queryClient = useQueryClient();
  const groups = useQuery({ queryKey: ['groups'], queryFn: ({ signal }) => api.groups(signal) });
  const [esiaOrg, setOrg] = useState('');
  const [group, setGroup] = useState('');
  const [role, setRole] = useState<AccessGroup['role']>('proctor');
  const [removing, setRemoving] = useState<AccessGroup>();
  const changed = (data: { groups: AccessGroup[] }) => {
    queryClient.setQueryData(['groups'], data);
    void queryClient.invalidateQueries({ queryKey: ['members'] });
  };
  const add = useMutation({ mutationFn: () => api.mapGroup(esiaOrg, group, role), onSuccess: changed });
  const remove = useMutation({ mutationFn: (of: AccessGroup) => api.unmapGroup(of.id), onSuccess: changed });
  const badOrg = !/^\d{0,20}$/.test(esiaOrg);
  const badGroup = !/^[A-Za-z0-9_.:-]{0,100}$/.test(group);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setGroup('') });
  };
  if (groups.isPending) return <LoadingView />;
  const list = groups.data?.groups ?? [];
  return (
    <Stack gap="md">
      <Text size="md" c="dimmed" maw={760}>
        {t('groups.text')}
      </Text>
      {groups.isError && <ProblemAlert error={groups.error} onRetry={() => void groups.refetch()} />}
      <form onSubmit={submit}>
        <Group gap="md" align="flex-start" className={classes.form}>
          <TextInput
            flex="1 1 180px"
            label={t('groups.org')}
            inputMode="numeric"
            value={esiaOrg}
            onChange={(event) => setOrg(event.currentTarget.value.trim())}
            error={badOrg ? t('groups.badOrg') : undefined}
            required
            data-testid="group-org"
          />
          <TextInput
            flex="1 1 180px"
            label={t('groups.group')}
            value={group}
            onChange={(event) => setGroup(event.currentTarget.value.trim())}
            error={badGroup ? t('groups.badGroup') : undefined}
            required
            data-testid="group-name"
          />
          <Select
            flex="1 1 160px"
            label={t('groups.role')}
            data={groupRoles.map((value) => ({ value, label: t(`common:role.${value}`) }))}
            value={role}
            onChange={(value) => setRole(groupRoles.find((known) => known === value) ?? 'proctor')}
            allowDeselect={false}
          />
          <Button type="submit" mt={24} loading={add.isPending} disabled={badOrg || badGroup} data-testid="group-add">
            {t('groups.add')}
          </Button>
        </Group>
      </form>
      {add.isError && <ProblemAlert error={add.error} />}
      {list.length === 0 ? (
        <Text c="dimmed">{t('groups.none')}</Text>
      ) : (
        <div className={classes.frame}>
          <Table verticalSpacing={10} horizontalSpacing="md" fz="sm" data-testid="groups-table">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t('groups.group')}</Table.Th>
                <Table.Th scope="col">{t('groups.org')}</Table.Th>
                <Table.Th scope="col">{t('groups.role')}</Table.Th>
                <Table.Th scope="col">{t('groups.people')}</Table.Th>
                <Table.Th aria-hidden />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((mapping) => (
                <Table.Tr key={mapping.id} data-testid={`group-${mapping.group}`} data-people={mapping.people}>
                  <Table.Td>{mapping.group}</Table.Td>
                  <Table.Td>{mapping.esiaOrg}</Table.Td>
                  <Table.Td>{t(`common:role.${mapping.role}`)}</Table.Td>
                  <Table.Td>{mapping.people}</Table.Td>
                  <Table.Td>
                    <Button variant="subtle" color="red" size="xs" onClick={() => setRemoving(mapping)} data-testid={`group-remove-${mapping.group}`}>
                      {t('groups.remove')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <ConfirmModal
        opened={removing !== undefined}
        title={t('groups.removeTitle', { group: removing?.group ?? '' })}
        text={t('groups.removeText', { count: removing?.people ?? 0 })}
        confirmLabel={t('groups.remove')}
        danger
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => removing !== undefined && remove.mutate(removing, { onSuccess: () => setRemoving(undefined) })}
        onClose={() => setRemoving(undefined)}
        testId="group-remove"
      />
    </Stack>
  );
}
