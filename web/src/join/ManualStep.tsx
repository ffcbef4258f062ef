import { Alert, List, Stack, Text } from '@mantine/core';
import { IconId, IconUserCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { ContactLine } from './ContactLine';
import { useLive } from './live';
import { LiveNotice } from './LiveNotice';
import { QueueLine } from './QueueLine';
import { SelfView } from './SelfView';
import { StepFrame } from './StepFrame';

/** Two members of staff compare the student with the document she shows to the camera: what to do now, and how far they are. */
export function ManualStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation('join');
  const { stream } = useStore(useLive().devices.state);
  const first = attempt.manual?.first;
  return (
    <StepFrame title={t('manual.title')} lead={t('manual.text')} station="identification" testId="manual">
      <Stack>
        <LiveNotice />
        {first === undefined && <QueueLine attempt={attempt} />}
        <Alert
          color={first === undefined ? 'orange' : 'teal'}
          icon={first === undefined ? <IconId aria-hidden /> : <IconUserCheck aria-hidden />}
          title={first === undefined ? t('manual.show') : t('manual.firstDone')}
          role="status"
          data-testid="manual-progress"
          data-first={first === undefined ? 'waiting' : 'confirmed'}
        >
          {first === undefined ? (
            <List size="md" spacing={4}>
              <List.Item>{t('manual.open')}</List.Item>
              <List.Item>{t('manual.near')}</List.Item>
              <List.Item>{t('manual.number')}</List.Item>
            </List>
          ) : (
            <Text size="md">{t('manual.second', { name: first })}</Text>
          )}
        </Alert>
        <SelfView stream={stream} />
        <Text size="sm" c="dimmed">
          {t('manual.record')}
        </Text>
        <ContactLine contact={attempt.exam.contact} />
      </Stack>
    </StepFrame>
  );
}
