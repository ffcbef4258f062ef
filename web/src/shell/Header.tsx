import { Anchor } from '@mantine/core';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session';
import { Brand } from './Brand';
import { ColorSchemeButton } from './ColorSchemeButton';
import { ContrastButton } from './ContrastButton';
import classes from './Header.module.css';
import { LanguageButton } from './LanguageButton';

// A guest has no account and does not load its menu.
const AccountMenu = lazy(() => import('./AccountMenu'));

/** The bar on top of every page; `children` are its links. */
export function Header({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <>
      <Anchor href="#main" className={classes.skip}>
        {t('skipToContent')}
      </Anchor>
      <header className={classes.header}>
        <div className={classes.inner}>
          <Brand />
          {children}
          <div className={classes.tools}>
            <LanguageButton />
            <ContrastButton />
            <ColorSchemeButton />
            {session.data?.person !== undefined && (
              <Suspense>
                <AccountMenu />
              </Suspense>
            )}
          </div>
        </div>
      </header>
    </>
  );
}
