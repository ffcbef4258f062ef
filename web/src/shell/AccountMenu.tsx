import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconFileCheck, IconLink, IconLogout, IconSwitchHorizontal, IconUserCircle, IconUsersGroup } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSession } from '../api/session';
import { roles } from '../api/types';
import { useSignOut } from './useSignOut';

/** Who is signed in and in which role, the way to another one, and the way out. */
export default function AccountMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const signOut = useSignOut('/');
  const person = session.data?.person;
  if (session.data === undefined || person === undefined) return null;
  const { choices, organisation } = session.data;
  return (
    <Menu position="bottom-end" width={280} withinPortal={false}>
      <Menu.Target>
        <ActionIcon size="lg" variant="subtle" color="gray" c="dimmed" aria-label={t('header.account')} data-testid="account">
          <IconUserCircle size={24} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text fw={600} c="var(--mantine-color-text)" data-testid="account-name" size="md">
            {person.displayName}
          </Text>
          <Text size="sm" c="dimmed" data-testid="account-role" data-role={person.roles[0]}>
            {roles
              .filter((role) => person.roles.includes(role))
              .map((role) => t(`role.${role}`))
              .join(', ')}
          </Text>
          {choices > 1 && (
            <Text size="sm" c="dimmed">
              {organisation.name}
            </Text>
          )}
        </Menu.Label>
        <Menu.Divider />
        {(choices > 1 || (choices > 0 && person.roles.length === 0)) && (
          <Menu.Item component={Link} to="/choose" leftSection={<IconSwitchHorizontal size={18} aria-hidden />} data-testid="change-role">
            {t('header.changeRole')}
          </Menu.Item>
        )}
        {person.roles.includes('student') && (
          <Menu.Item component={Link} to="/consents" leftSection={<IconFileCheck size={18} aria-hidden />} data-testid="my-consents">
            {t('header.consents')}
          </Menu.Item>
        )}
        {person.roles.includes('guardian') && (
          <Menu.Item component={Link} to="/guardian" leftSection={<IconUsersGroup size={18} aria-hidden />} data-testid="my-children">
            {t('header.guardian')}
          </Menu.Item>
        )}
        <Menu.Item component={Link} to="/account" leftSection={<IconLink size={18} aria-hidden />} data-testid="open-account">
          {t('header.accountPage')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={18} aria-hidden />}
          onClick={() => signOut.mutate()}
          disabled={signOut.isPending}
          data-testid="sign-out"
        >
          {t('header.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
