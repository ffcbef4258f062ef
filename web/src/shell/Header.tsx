import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { AccountMenu } from './AccountMenu';
import { Brand } from './Brand';
import { ColorSchemeButton } from './ColorSchemeButton';
import classes from './Header.module.css';
import { LanguageButton } from './LanguageButton';

/** The bar on top of every page; `children` are its links. */
export function Header({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
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
            <ColorSchemeButton />
            <AccountMenu />
          </div>
        </div>
      </header>
    </>
  );
}
