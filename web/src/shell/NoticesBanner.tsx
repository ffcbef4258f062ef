import { Alert, Container, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { hasRole, useSession } from '../api/session';

/** What staff must know at once: the log does not verify, the daily erasure does not run, recordings are not stored. */
export function NoticesBanner() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const notices = useQuery({
    queryKey: ['notices'],
    queryFn: ({ signal }) => api.notices(signal),
    enabled: hasRole(session, 'proctor', 'registrar', 'administrator'),
    refetchInterval: 60_000,
    staleTime: 30_000,
  });
  const list = notices.data?.notices ?? [];
  if (list.length === 0) return null;
  return (
    <Container size="lg" pt="md">
      <Stack gap="sm">
        {list.map(({ code }) => (
          <Alert
            key={code}
            color="red"
            variant="light"
            role="alert"
            icon={<IconAlertTriangle aria-hidden />}
            title={t(`notice.${code}.title`)}
            data-testid={`notice-${code}`}
          >
            <Text size="md">{t(`notice.${code}.text`)}</Text>
          </Alert>
        ))}
      </Stack>
    </Container>
  );
}
