import { Alert, Badge, Button, Card, Checkbox, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { GuardianChild, GuardianHome, Withdrawn } from '../api/types';
import { looksLikeEmail } from '../arrival/looksLikeEmail';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import { ConsentCard } from './ConsentCard';
import { ConsentTextBox } from './ConsentTextBox';
import { WithdrawButton, WithdrawnNotice } from './WithdrawButton';

/** One child: the text to read and the answer, or the consent in force and the way to take it back. */
export function ChildCard({ child, home }: { child: GuardianChild; home: GuardianHome }) {
  const { t } = useTranslation('consent');
  const format = useFormat();
  const client = useQueryClient();
  const [withdrawn, setWithdrawn] = useState<Withdrawn>();
  const [agreed, setAgreed] = useState(false);
  const [reminded, setReminded] = useState(false);
  const [email, setEmail] = useState('');
  const { text } = home;
  const answer = useMutation({
    mutationFn: (grant: boolean) =>
      api.guardianAnswer(child.id, { textId: text?.id ?? '', sha256: text?.sha256 ?? '', grant, ...(email === '' ? {} : { email: email.trim() }) }),
    onSuccess: (changed) => {
      setWithdrawn(undefined);
      client.setQueryData(['guardian'], changed);
    },
  });
  const emailBad = email !== '' && !looksLikeEmail(email);
  const state = !child.minor ? 'adult' : child.grantedAt !== undefined ? 'granted' : child.refusedAt !== undefined ? 'refused' : 'asked';
  return (
    <Card padding="lg" data-testid={`child-${child.id}`} data-state={state}>
      <Stack gap="md">
        <Group gap="sm">
          <Title order={2} size="h3">
            {child.name}
          </Title>
          <Badge variant="light" size="lg" color={state === 'granted' ? 'teal' : state === 'asked' ? 'blue' : 'gray'}>
            {t(`child.${state}`)}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed">
          {t(`child.by.${child.by}`)}
        </Text>
        {withdrawn !== undefined && <WithdrawnNotice withdrawn={withdrawn} />}
        {state === 'adult' && <Text size="md">{t('child.adultText')}</Text>}
        {state === 'granted' && child.grantedAt !== undefined && (
          <Stack gap="md" align="flex-start">
            <Alert color="teal" icon={<IconCircleCheck aria-hidden />} w="100%">
              <Text size="md">{t('child.grantedText', { at: format.dateTime(child.grantedAt) })}</Text>
            </Alert>
            <WithdrawButton
              eraseDays={home.eraseDays}
              withdraw={() => api.guardianWithdraw(child.id)}
              onDone={(done) => {
                setWithdrawn(done);
                void client.invalidateQueries({ queryKey: ['guardian'] });
              }}
            />
          </Stack>
        )}
        {(state === 'asked' || state === 'refused') && text !== undefined && (
          <>
            {state === 'refused' && child.refusedAt !== undefined && (
              <Alert color="gray" icon={<IconInfoCircle aria-hidden />}>
                <Text size="md">{t('child.refusedText', { at: format.dateTime(child.refusedAt) })}</Text>
              </Alert>
            )}
            <Text fw={600}>{text.title}</Text>
            <ConsentTextBox text={text} />
            <Checkbox
              label={t('child.check')}
              checked={agreed}
              error={reminded && !agreed ? t('child.checkFirst') : undefined}
              onChange={(event) => setAgreed(event.currentTarget.checked)}
              data-testid="guardian-check"
            />
            <TextInput
              size="md"
              type="email"
              label={t('child.email')}
              description={t('child.emailHint')}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              error={emailBad ? t('emailBad') : undefined}
              maxLength={254}
              autoComplete="email"
              data-testid="guardian-email"
            />
            {answer.isError && <ProblemAlert error={answer.error} />}
            <Group gap="sm">
              <Button
                size="lg"
                loading={answer.isPending}
                onClick={() => {
                  setReminded(true);
                  if (agreed && !emailBad) answer.mutate(true);
                }}
                data-testid="guardian-grant"
              >
                {t('child.grant')}
              </Button>
              {state === 'asked' && (
                <Button size="lg" variant="default" disabled={answer.isPending} onClick={() => answer.mutate(false)} data-testid="guardian-refuse">
                  {t('child.refuse')}
                </Button>
              )}
            </Group>
            <Text size="sm" c="dimmed">
              {t('child.free')}
            </Text>
          </>
        )}
        {child.consents.length > 0 && (
          <Stack gap="sm">
            <Text fw={600}>{t('child.history')}</Text>
            {child.consents.map((item) => (
              <ConsentCard
                key={item.id}
                item={item}
                standing={state === 'granted' && item.withdrawnAt === undefined && item.text.id === text?.id}
                eraseDays={home.eraseDays}
              />
            ))}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}
