import { Badge, Button, Container, Group, Select, Stack, Table, Tabs, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { roles, type Member } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { GroupsPanel } from './GroupsPanel';
import { MemberDrawer } from './MemberDrawer';
import classes from './People.module.css';

/** The organisation's people with their roles, and the groups at Gosuslugi that give roles. */
export default function PeoplePage() {
  const { t } = useTranslation(['people', 'common']);
  const [text, setText] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [openedId, setOpenedId] = useState<string>();
  const [sought] = useDebouncedValue(text, 250);
  const members = useQuery({
    queryKey: ['members', sought, role],
    queryFn: ({ signal }) => api.members(sought, role ?? '', signal),
    placeholderData: keepPreviousData,
  });
  const list: Member[] = members.data?.people ?? [];
  const opened = list.find(({ id }) => id === openedId);
  return (
    <Container size="lg" py="lg" data-testid="people-page">
      <PageTitle title={t('people.title')} />
      <Stack gap="lg">
        <Title order={1}>{t('people.title')}</Title>
        <Tabs defaultValue="people">
          <Tabs.List>
            <Tabs.Tab value="people">{t('people.title')}</Tabs.Tab>
            <Tabs.Tab value="groups" data-testid="tab-groups">
              {t('groups.title')}
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="groups" pt="lg">
            <GroupsPanel />
          </Tabs.Panel>
          <Tabs.Panel value="people" pt="lg">
            <Stack gap="md">
              <Group gap="md" role="search" align="flex-end">
                <TextInput
                  flex="1 1 240px"
                  label={t('people.search')}
                  placeholder={t('people.searchHint')}
                  value={text}
                  onChange={(event) => setText(event.currentTarget.value)}
                  data-testid="people-search"
                />
                <Select
                  label={t('people.role')}
                  placeholder={t('people.anyRole')}
                  data={roles.map((value) => ({ value, label: t(`common:role.${value}`) }))}
                  value={role}
                  onChange={setRole}
                  clearable
                />
              </Group>
              {members.isPending && <LoadingView />}
              {members.isError && <ProblemAlert error={members.error} onRetry={() => void members.refetch()} />}
              {members.data !== undefined && (
                <Text size="sm" c="dimmed" aria-live="polite">
                  {list.length === 0 ? t('people.none') : t('people.total', { count: members.data.total })}
                  {members.data.total > list.length && `. ${t('people.shown', { count: list.length })}`}
                </Text>
              )}
              {list.length > 0 && (
                <div className={classes.frame}>
                  <Table verticalSpacing={10} horizontalSpacing="md" fz="sm" className={classes.table} data-testid="people-table">
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th scope="col">{t('people.person')}</Table.Th>
                        <Table.Th scope="col">{t('people.roles')}</Table.Th>
                        <Table.Th scope="col">{t('people.signIn')}</Table.Th>
                        <Table.Th aria-hidden />
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {list.map((member) => (
                        <Table.Tr key={member.id} data-testid={`member-${member.id}`} data-login={member.login}>
                          <Table.Td>
                            <Text fw={600} size="sm">
                              {member.displayName}
                            </Text>
                            <Text size="xs" c="dimmed">
                              {t('people.bornIn', { year: member.birthYear })}
                            </Text>
                          </Table.Td>
                          <Table.Td>
                            <Group gap={6}>
                              {member.roles.map((given) => (
                                <Badge
                                  key={`${given.role}-${given.source}-${given.group}`}
                                  variant="light"
                                  color={given.source === 'esia' ? 'grape' : 'blue'}
                                  data-role={given.role}
                                  data-source={given.source}
                                >
                                  {t(`common:role.${given.role}`)} ·{' '}
                                  {given.source === 'esia' ? t('people.byGroup', { group: given.group }) : t('people.byHand')}
                                </Badge>
                              ))}
                            </Group>
                          </Table.Td>
                          <Table.Td>
                            <Text size="sm">{member.linked ? t('people.linked') : t('people.notLinked')}</Text>
                            {member.login !== '' && (
                              <Text size="xs" c="dimmed">
                                {t('people.login', { login: member.login })}
                                {member.locked && `, ${t('people.locked')}`}
                              </Text>
                            )}
                          </Table.Td>
                          <Table.Td>
                            <Button variant="light" size="xs" onClick={() => setOpenedId(member.id)} data-testid={`member-open-${member.id}`}>
                              {t('people.change')}
                            </Button>
                          </Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </div>
              )}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </Stack>
      {opened !== undefined && <MemberDrawer key={opened.id} member={opened} onClose={() => setOpenedId(undefined)} />}
    </Container>
  );
}
