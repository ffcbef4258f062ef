import { Accordion, Badge, Card, Group, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { attemptStates, type FileAttempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { AppealBox } from './AppealBox';
import { DecisionList } from './DecisionList';
import { LookList } from './LookList';
import { StoredList } from './StoredList';

/** One of the student's attempts: decisions, the appeal, what is kept, who looked. */
export function AttemptCard({ attempt }: { attempt: FileAttempt }) {
  const { t } = useTranslation(['myfile', 'common']);
  const format = useFormat();
  const state = attemptStates.find((known) => known === attempt.state);
  const appealing = attempt.mayAppeal || attempt.appeals.length > 0 || attempt.whyNot === 'appeal_late';
  // A reader hears of which exam each part is: the parts of every attempt have the same names.
  const of = <VisuallyHidden>{` · ${attempt.exam}, ${format.date(attempt.startsAt)}`}</VisuallyHidden>;
  return (
    <Card padding="lg" data-testid="file-attempt" data-id={attempt.id} data-state={attempt.state}>
      <Stack gap="lg">
        <Stack gap={4}>
          <Group gap="sm">
            <Title order={2} size="h3">
              {attempt.exam}
            </Title>
            <Badge variant="light" color="gray">
              {state === undefined ? attempt.state : t(`common:state.${state}`)}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {format.period(attempt.startsAt, attempt.endsAt)}
          </Text>
          <Text size="xs" c="dimmed">
            {t('attempt', { id: attempt.id })}
          </Text>
        </Stack>
        <Accordion multiple variant="separated" order={3} defaultValue={['decisions', 'appeal']}>
          <Accordion.Item value="decisions">
            <Accordion.Control>
              {t('decisions.title')}
              {of}
            </Accordion.Control>
            <Accordion.Panel>
              <DecisionList decisions={attempt.decisions} />
            </Accordion.Panel>
          </Accordion.Item>
          {appealing && (
            <Accordion.Item value="appeal">
              <Accordion.Control>
                {t('appeal.title')}
                {of}
              </Accordion.Control>
              <Accordion.Panel>
                <AppealBox attempt={attempt} />
              </Accordion.Panel>
            </Accordion.Item>
          )}
          <Accordion.Item value="stored">
            <Accordion.Control data-testid="open-stored">
              {t('stored.title')}
              {of}
            </Accordion.Control>
            <Accordion.Panel>
              <StoredList stored={attempt.stored} />
            </Accordion.Panel>
          </Accordion.Item>
          <Accordion.Item value="looks">
            <Accordion.Control data-testid="open-looks">
              {t('looks.title')}
              {of}
            </Accordion.Control>
            <Accordion.Panel>
              <LookList looks={attempt.looks} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
    </Card>
  );
}
