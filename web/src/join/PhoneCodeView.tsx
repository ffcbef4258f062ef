import { Button, CopyButton, Group, List, Loader, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Join.module.css';
import { QRCode } from './QRCode';

/** A code is good for ten minutes; a fresh one is shown well before that. */
const freshEveryMs = 9 * 60_000;

/** The code by which a phone becomes the second camera. Each code shown makes those before it void. */
export function PhoneCodeView({ attemptId }: { attemptId: string }) {
  const { t } = useTranslation('phone');
  const code = useQuery({
    queryKey: ['phone-code', attemptId],
    queryFn: () => api.phoneCode(attemptId),
    staleTime: freshEveryMs,
    gcTime: 0,
    refetchInterval: freshEveryMs,
    refetchOnWindowFocus: false,
  });
  if (code.isError) return <ProblemAlert error={code.error} onRetry={() => void code.refetch()} />;
  return (
    <div className={classes.qrRow}>
      {code.isPending ? (
        <div className={classes.qrPlace}>
          <Loader aria-label={t('code.making')} />
        </div>
      ) : (
        <QRCode modules={code.data.modules} label={t('code.label')} />
      )}
      <Stack gap="sm">
        <List size="md" spacing={6} type="ordered">
          <List.Item>{t('code.scan')}</List.Item>
          <List.Item>{t('code.allow')}</List.Item>
          <List.Item>{t('code.place')}</List.Item>
        </List>
        <Text size="sm" c="dimmed">
          {t('code.once')}
        </Text>
        {code.data !== undefined && (
          <CopyButton value={code.data.link}>
            {({ copied, copy }) => (
              <Group>
                <Button variant="subtle" size="sm" onClick={copy} data-testid="phone-link" data-link={code.data.link}>
                  {copied ? t('code.copied') : t('code.copy')}
                </Button>
              </Group>
            )}
          </CopyButton>
        )}
      </Stack>
    </div>
  );
}
