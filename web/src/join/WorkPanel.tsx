import { Button, Stack, Text, Title } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Work } from '../api/types';
import classes from './Join.module.css';

/** The exam itself: a page of the learning system within ours, or a link that opens it beside. */
export function WorkPanel({ work }: { work: Work }) {
  const { t } = useTranslation('way');
  const link = (
    <Button
      component="a"
      href={work.url}
      target="_blank"
      rel="noopener noreferrer"
      {...(work.embed ? { variant: 'subtle', size: 'md' } : { size: 'xl' })}
      rightSection={<IconExternalLink size={20} aria-hidden />}
      data-testid="work-open"
    >
      {t('work.open')}
    </Button>
  );
  if (!work.embed) {
    return (
      <Stack className={classes.panel} gap="sm">
        <Title order={2} size="h3">
          {t('work.title')}
        </Title>
        {link}
        <Text size="md" c="dimmed">
          {t('work.beside')}
        </Text>
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      <iframe
        className={classes.work}
        src={work.url}
        title={t('work.here', { host: new URL(work.url).host })}
        sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-downloads"
        referrerPolicy="no-referrer"
        data-testid="work-frame"
      />
      <Text size="sm" c="dimmed">
        {t('work.trouble')}
      </Text>
      <div>{link}</div>
    </Stack>
  );
}
