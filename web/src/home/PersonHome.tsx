import { Card, Container, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconActivity, IconChevronRight, IconFileCheck, IconFolder, IconGavel, IconListCheck, IconMailQuestion, IconUserCog, IconUsers, IconUsersGroup, IconVideo } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Person, Role } from '../api/types';
import { CodeForm } from './CodeForm';
import { MyExams } from './MyExams';
import classes from './Home.module.css';

interface ChoiceProps {
  to: string;
  icon: ReactNode;
  title: string;
  text: string;
}

function Choice({ to, icon, title, text }: ChoiceProps) {
  return (
    <Card component={Link} to={to} className={classes.choice}>
      <ThemeIcon size={48} radius="md" variant="light">
        {icon}
      </ThemeIcon>
      <Stack gap={2} flex={1}>
        <Text fw={600}>{title}</Text>
        <Text size="md" c="dimmed">
          {text}
        </Text>
      </Stack>
      <IconChevronRight aria-hidden />
    </Card>
  );
}

/** What the signed-in person can do here. */
export function PersonHome({ person }: { person: Person }) {
  const { t } = useTranslation('home');
  const may = (...roles: Role[]) => roles.some((role) => person.roles.includes(role));
  return (
    <Container size="sm" py="xl" data-testid="person-home">
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('hello', { name: person.displayName })}</Title>
          <Text c="dimmed">{t('whatNext')}</Text>
        </Stack>
        {may('proctor') && (
          <Choice to="/proctor" icon={<IconVideo aria-hidden />} title={t('exams.title')} text={t('exams.text')} />
        )}
        {may('registrar', 'administrator') && (
          <Choice to="/rosters" icon={<IconUsers aria-hidden />} title={t('rosters.title')} text={t('rosters.text')} />
        )}
        {may('registrar', 'administrator') && (
          <Choice to="/requests" icon={<IconMailQuestion aria-hidden />} title={t('requests.title')} text={t('requests.text')} />
        )}
        {may('administrator') && (
          <Choice to="/people" icon={<IconUserCog aria-hidden />} title={t('people.title')} text={t('people.text')} />
        )}
        {may('registrar', 'administrator') && (
          <Choice to="/guardian-claims" icon={<IconUsersGroup aria-hidden />} title={t('guardianClaims.title')} text={t('guardianClaims.text')} />
        )}
        {may('registrar', 'administrator') && (
          <Choice to="/consent-texts" icon={<IconFileCheck aria-hidden />} title={t('consentTexts.title')} text={t('consentTexts.text')} />
        )}
        {may('administrator') && (
          <Choice to="/system" icon={<IconActivity aria-hidden />} title={t('system.title')} text={t('system.text')} />
        )}
        {may('guardian') && (
          <Choice to="/guardian" icon={<IconUsersGroup aria-hidden />} title={t('guardian.title')} text={t('guardian.text')} />
        )}
        {may('registrar') && (
          <Choice to="/appeals" icon={<IconGavel aria-hidden />} title={t('appeals.title')} text={t('appeals.text')} />
        )}
        {may('registrar') && (
          <Choice to="/log" icon={<IconListCheck aria-hidden />} title={t('log.title')} text={t('log.text')} />
        )}
        {may('student') && <MyExams />}
        {may('student') && (
          <Card>
            <CodeForm />
          </Card>
        )}
        {may('student') && (
          <Choice to="/my-file" icon={<IconFolder aria-hidden />} title={t('myFile.title')} text={t('myFile.text')} />
        )}
        {may('student') && (
          <Choice to="/consents" icon={<IconFileCheck aria-hidden />} title={t('consents.title')} text={t('consents.text')} />
        )}
      </Stack>
    </Container>
  );
}
