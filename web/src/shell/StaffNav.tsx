import { Button } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, useLocation } from 'react-router';
import { hasRole, useSession } from '../api/session';
import classes from './Header.module.css';
import { sections } from './sections';

const SectionsDrawer = lazy(() => import('./SectionsDrawer'));

/** The sections that the signed-in person may open: a row of links, or a menu where there is no room for it. */
export function StaffNav() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { pathname } = useLocation();
  const [opened, setOpened] = useState(false);
  const [wanted, setWanted] = useState(false);
  const mine = sections.filter(({ roles }) => hasRole(session, ...roles));
  if (mine.length === 0) return null;
  const few = mine.length < 3;
  const current = mine.find(({ to }) => pathname === to || pathname.startsWith(`${to}/`));
  return (
    <>
      <nav className={few ? classes.nav : `${classes.nav} ${classes.navWide}`} aria-label={t('header.navigation')}>
        {mine.map(({ to, name }) => (
          <NavLink key={to} to={to} className={classes.navLink}>
            {t(`header.${name}`)}
          </NavLink>
        ))}
      </nav>
      {!few && (
        <Button
          variant="subtle"
          color="gray"
          c="var(--mantine-color-text)"
          size="compact-md"
          className={classes.navMenu}
          leftSection={<IconMenu2 size={20} aria-hidden />}
          aria-haspopup="dialog"
          aria-expanded={opened}
          onClick={() => {
            setWanted(true);
            setOpened(true);
          }}
          data-testid="sections"
        >
          {current === undefined ? t('header.navigation') : t(`header.${current.name}`)}
        </Button>
      )}
      {wanted && (
        <Suspense>
          <SectionsDrawer sections={mine} opened={opened} onClose={() => setOpened(false)} />
        </Suspense>
      )}
    </>
  );
}
