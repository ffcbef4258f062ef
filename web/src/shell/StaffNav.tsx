import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { hasRole, useSession } from '../api/session';
import classes from './Header.module.css';

/** The sections that the signed-in person may open. */
export function StaffNav() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  return (
    <nav className={classes.nav} aria-label={t('header.navigation')}>
      {hasRole(session, 'proctor') && (
        <NavLink to="/proctor" className={classes.navLink}>
          {t('header.exams')}
        </NavLink>
      )}
      {hasRole(session, 'registrar', 'administrator') && (
        <NavLink to="/rosters" className={classes.navLink}>
          {t('header.rosters')}
        </NavLink>
      )}
      {hasRole(session, 'registrar', 'administrator') && (
        <NavLink to="/requests" className={classes.navLink}>
          {t('header.requests')}
        </NavLink>
      )}
      {hasRole(session, 'registrar', 'administrator') && (
        <NavLink to="/guardian-claims" className={classes.navLink}>
          {t('header.guardianClaims')}
        </NavLink>
      )}
      {hasRole(session, 'registrar', 'administrator') && (
        <NavLink to="/consent-texts" className={classes.navLink}>
          {t('header.consentTexts')}
        </NavLink>
      )}
      {hasRole(session, 'administrator') && (
        <NavLink to="/people" className={classes.navLink}>
          <span className={classes.navFull}>{t('header.people')}</span>
          <span className={classes.navShort}>{t('header.peopleShort')}</span>
        </NavLink>
      )}
      {hasRole(session, 'registrar', 'administrator') && (
        <NavLink to="/retention" className={classes.navLink}>
          {t('header.retention')}
        </NavLink>
      )}
      {hasRole(session, 'registrar') && (
        <NavLink to="/appeals" className={classes.navLink}>
          {t('header.appeals')}
        </NavLink>
      )}
      {hasRole(session, 'registrar') && (
        <NavLink to="/log" className={classes.navLink}>
          <span className={classes.navFull}>{t('header.log')}</span>
          <span className={classes.navShort}>{t('header.logShort')}</span>
        </NavLink>
      )}
    </nav>
  );
}
