import { Alert, Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconDeviceLaptop, IconHandClick, IconScreenShare } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../api/types';
import { StreamVideo } from '../media/StreamVideo';
import { canShareScreen } from '../media/screen';
import { useStore } from '../rtc/useStore';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { useLive } from './live';
import { OtherForm } from './OtherForm';
import { ScreenPicture } from './ScreenPicture';
import { ScreenProblemView } from './ScreenProblemView';
import { StepFrame } from './StepFrame';
import { useAfter } from './useAfter';

interface ScreenStepProps {
  attempt: Attempt;
  onPassed: () => void;
}

const readingMs = 2_500;

/** The whole screen is asked for; passes by itself once it is shared. Whoever cannot share it goes on, and the proctor decides. */
export function ScreenStep({ attempt, onPassed }: ScreenStepProps) {
  const { t } = useTranslation('screen');
  const { screen } = useLive();
  const { phase, stream, problem } = useStore(screen.state);
  const able = canShareScreen();
  const seen = useAfter(readingMs, stream);
  useEffect(() => {
    if (seen) onPassed();
  }, [seen, onPassed]);
  const ask = () => void screen.open();
  return (
    <StepFrame title={t('title')} lead={t('lead')} station="devices" testId="screen">
      {!able && (
        <Alert color="orange" icon={<IconDeviceLaptop aria-hidden />} title={t('unable.title')} role="alert" data-testid="screen-unable">
          <Text size="md">{t('unable.text')}</Text>
        </Alert>
      )}
      {able && problem !== undefined && <ScreenProblemView problem={problem} onAgain={ask} />}
      {phase === 'asking' && (
        <Alert icon={<IconHandClick aria-hidden />} title={t('askTitle')} role="status">
          <Text size="md">{t('ask')}</Text>
        </Alert>
      )}
      {able && (
        <Stack className={classes.panel} gap="lg">
          {stream === undefined ? (
            <>
              <List size="md" spacing={6} type="ordered">
                <List.Item>{t('how.press')}</List.Item>
                <List.Item>{t('how.choose')}</List.Item>
                <List.Item>{t('how.confirm')}</List.Item>
              </List>
              {problem === undefined && <ScreenPicture />}
              <Text size="sm" c="dimmed">
                {t('private')}
              </Text>
            </>
          ) : (
            <>
              <StreamVideo stream={stream} className={classes.screenView} aria-label={t('own')} data-testid="screen-view" />
              <Text fw={600} role="status">
                {t('seen')}
              </Text>
            </>
          )}
        </Stack>
      )}
      <Group gap="md" align="center">
        {stream === undefined ? (
          able && problem === undefined && (
            <Button leftSection={<IconScreenShare aria-hidden />} loading={phase === 'asking'} onClick={ask} data-testid="share-screen" w={{ base: '100%', sm: 'auto' }}>
              {t('share')}
            </Button>
          )
        ) : (
          <Button onClick={onPassed} data-testid="screen-continue" w={{ base: '100%', sm: 'auto' }}>
            {t('continue')}
          </Button>
        )}
        {stream === undefined && (!able || problem !== undefined) && (
          <Anchor component="button" type="button" onClick={onPassed} data-testid="screen-without">
            {t('without')}
          </Anchor>
        )}
      </Group>
      {stream === undefined && (!able || problem !== undefined) && (
        <Text size="sm" c="dimmed">
          {t('withoutText')}
        </Text>
      )}
      <OtherForm attempt={attempt} />
      <ContactLine contact={attempt.exam.contact} />
    </StepFrame>
  );
}
