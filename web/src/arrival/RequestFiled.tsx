import { Button, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconMailCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { RequestReceipt } from '../api/types';

/** The request's number, and what happens next. */
export function RequestFiled({ receipt, email }: { receipt: RequestReceipt; email: string }) {
  const { t } = useTranslation(['arrival', 'common']);
  return (
    <Stack gap="md" align="flex-start" role="status" data-testid="request-filed" data-number={receipt.number}>
      <ThemeIcon size={56} radius="md" variant="light" color="teal">
        <IconMailCheck size={32} aria-hidden />
      </ThemeIcon>
      <Title order={1}>{t('request.sentTitle', { number: receipt.number })}</Title>
      <Text>{receipt.organisation}</Text>
      {receipt.forms > 1 ? <Text>{t('request.joinedText')}</Text> : <Text>{t('request.sentText', { email })}</Text>}
      <Button component={Link} to="/" variant="light">
        {t('common:toStart')}
      </Button>
    </Stack>
  );
}
