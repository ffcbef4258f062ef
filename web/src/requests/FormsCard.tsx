import { Card, Divider, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RequestDetail } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Requests.module.css';

/** What the claimant wrote, the newest first. */
export function FormsCard({ request }: { request: RequestDetail }) {
  const { t } = useTranslation('requests');
  const format = useFormat();
  return (
    <Card padding="md" data-testid="request-forms">
      <Stack gap="md">
        <Title order={2} size="h4">
          {t('form')}
        </Title>
        {[...request.forms].reverse().map((form, index) => (
          <Stack key={form.at} gap={4}>
            {index > 0 && <Divider mb="xs" />}
            <Text fw={600}>{form.name}</Text>
            {(form.faculty !== '' || form.group !== '') && (
              <Text size="sm">{[form.faculty, form.group].filter((part) => part !== '').join(', ')}</Text>
            )}
            <Text className={classes.message} c={form.message === '' ? 'dimmed' : undefined}>
              {form.message === '' ? t('noMessage') : form.message}
            </Text>
            <Text size="sm" c="dimmed">
              {t('answerTo', { email: form.email })} · {format.dateTime(form.at)}
            </Text>
          </Stack>
        ))}
      </Stack>
    </Card>
  );
}
