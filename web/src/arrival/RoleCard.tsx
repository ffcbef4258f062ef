import { Badge, Card, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconChevronRight, IconHeartHandshake, IconListCheck, IconSchool, IconSettings, IconVideo } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ChoiceCard } from '../api/types';
import classes from './Arrival.module.css';

const icons = {
  student: IconSchool,
  proctor: IconVideo,
  registrar: IconListCheck,
  administrator: IconSettings,
  guardian: IconHeartHandshake,
};

interface RoleCardProps {
  choice: ChoiceCard;
  disabled: boolean;
  onChoose: () => void;
}

/** One role in one organisation, to be chosen. */
export function RoleCard({ choice, disabled, onChoose }: RoleCardProps) {
  const { t } = useTranslation(['arrival', 'common']);
  const Icon = icons[choice.role];
  return (
    <Card
      component="button"
      type="button"
      className={classes.role}
      disabled={disabled}
      onClick={onChoose}
      data-testid="role"
      data-role={choice.role}
      data-organisation={choice.organisation.shortName}
    >
      <ThemeIcon size={48} radius="md" variant="light">
        <Icon aria-hidden />
      </ThemeIcon>
      <Stack gap={2} flex={1} miw={0}>
        <Text fw={600}>{t(`common:role.${choice.role}`)}</Text>
        <Text size="md" c="dimmed">
          {choice.organisation.name}
        </Text>
      </Stack>
      {choice.current && <Badge variant="light">{t('choose.current')}</Badge>}
      {choice.last && !choice.current && (
        <Badge variant="light" color="gray">
          {t('choose.last')}
        </Badge>
      )}
      <IconChevronRight aria-hidden />
    </Card>
  );
}
