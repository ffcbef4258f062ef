import { Anchor, Card, List, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Arrival } from '../api/types';

/** Which account it is, and how and where to have it confirmed. */
export function NotConfirmed({ level }: { level: Arrival['level'] }) {
  const { t } = useTranslation('arrival');
  return (
    <Card data-testid="not-confirmed" data-level={level}>
      <Stack gap="sm">
        {level !== undefined && (
          <Stack gap={4}>
            <Title order={2} size="h3">
              {t(`level.${level}`)}
            </Title>
            <Text size="md" c="dimmed">
              {t(`level.${level}Text`)}
            </Text>
          </Stack>
        )}
        {level !== 'closed' && (
          <>
            <Title order={3} size="h4">
              {t('level.how')}
            </Title>
            <List size="md" spacing="xs">
              <List.Item>{t('level.bank')}</List.Item>
              <List.Item>
                {t('level.office')}.{' '}
                <Anchor href="https://map.gosuslugi.ru/" target="_blank" rel="noreferrer" size="md">
                  {t('level.map')}
                </Anchor>
              </List.Item>
              <List.Item>{t('level.signature')}</List.Item>
            </List>
            <Text size="md">{t('level.back')}</Text>
          </>
        )}
      </Stack>
    </Card>
  );
}
