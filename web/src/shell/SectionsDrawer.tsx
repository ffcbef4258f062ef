import { Drawer, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import classes from './Header.module.css';
import type { Section } from './sections';

interface SectionsDrawerProps {
  sections: readonly Section[];
  opened: boolean;
  onClose: () => void;
}

/** The sections one below the other, for a narrow window. */
export default function SectionsDrawer({ sections, opened, onClose }: SectionsDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} size={320} title={t('header.navigation')} closeButtonProps={{ 'aria-label': t('close') }}>
      <Stack component="nav" gap={4} aria-label={t('header.navigation')}>
        {sections.map(({ to, name }) => (
          <NavLink key={to} to={to} className={`${classes.navLink} ${classes.navTall}`} onClick={onClose} data-testid={`section-${name}`}>
            {t(`header.${name}`)}
          </NavLink>
        ))}
      </Stack>
    </Drawer>
  );
}
