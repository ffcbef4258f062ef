import { Group, Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSession } from '../api/session';
import { BrandMark } from './BrandMark';
import classes from './Header.module.css';

/** The name of the service and of the organisation that holds the exams. */
export function Brand() {
  const { t } = useTranslation();
  const session = useSession();
  const organisation = session.data?.organisation;
  return (
    <Link to="/" className={classes.brand}>
      <Group gap={10} wrap="nowrap">
        <BrandMark />
        <Text span fw={700} size="xl" lh={1} className={classes.brandName}>
          {t('app')}
        </Text>
        {organisation !== undefined && organisation.shortName !== '' && (
          <Text span size="sm" c="dimmed" className={classes.organisation} title={organisation.name}>
            {organisation.shortName}
          </Text>
        )}
        <VisuallyHidden>{t('header.home')}</VisuallyHidden>
      </Group>
    </Link>
  );
}
