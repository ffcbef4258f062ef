import { Button, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Arrival, RequestReceipt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Arrival.module.css';
import { looksLikeEmail } from './looksLikeEmail';

const elsewhere = 'elsewhere';

interface RequestFormProps {
  arrival: Arrival;
  /** The needed organisation is missing from her choice. */
  missing: boolean;
  onSent: (receipt: RequestReceipt, email: string) => void;
}

/** What the organisation needs to find somebody; the name is the one of Gosuslugi at first. */
export function RequestForm({ arrival, missing, onSent }: RequestFormProps) {
  const { t } = useTranslation('arrival');
  const { language } = useFormat();
  const all = arrival.organisations ?? [];
  const unlinked = all.filter((organisation) => !organisation.linked);
  const options = [
    ...unlinked.map((organisation) => ({ value: organisation.id, label: organisation.name })),
    ...(missing ? [{ value: elsewhere, label: t('request.other') }] : []),
  ];
  const [organisation, setOrganisation] = useState(options[0]?.value ?? elsewhere);
  const [fields, setFields] = useState({ name: arrival.name ?? '', faculty: '', group: '', message: '', email: '' });
  const [tried, setTried] = useState(false);
  const set = (field: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setFields((before) => ({ ...before, [field]: value }));
  };
  const faults = {
    name: fields.name.trim() === '' ? t('request.required') : undefined,
    email: looksLikeEmail(fields.email) ? undefined : t('request.emailBad'),
    message: organisation === elsewhere && fields.message.trim() === '' ? t('request.required') : undefined,
  };
  const file = useMutation({
    mutationFn: () =>
      api.fileRequest({
        ...fields,
        email: fields.email.trim(),
        organisationId: organisation === elsewhere ? (all[0]?.id ?? '') : organisation,
        kind: organisation === elsewhere ? 'organisation' : 'link',
        language,
      }),
    onSuccess: (receipt) => onSent(receipt, fields.email.trim()),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(faults).every((fault) => fault === undefined)) file.mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {(options.length > 1 || missing) && (
          <Select
            label={t('request.organisation')}
            data={options}
            value={organisation}
            onChange={(value) => setOrganisation(value ?? organisation)}
            allowDeselect={false}
            data-testid="request-organisation"
          />
        )}
        <TextInput
          size="md"
          label={t('request.name')}
          description={t('request.nameHint')}
          value={fields.name}
          onChange={set('name')}
          error={tried ? faults.name : undefined}
          maxLength={200}
          autoComplete="name"
          required
          data-testid="request-name"
        />
        <div className={classes.pair}>
          <TextInput size="md" label={t('request.faculty')} value={fields.faculty} onChange={set('faculty')} maxLength={200} data-testid="request-faculty" />
          <TextInput size="md" label={t('request.group')} value={fields.group} onChange={set('group')} maxLength={100} data-testid="request-group" />
        </div>
        <Textarea
          size="md"
          label={t('request.message')}
          description={t('request.messageHint')}
          value={fields.message}
          onChange={set('message')}
          error={tried ? faults.message : undefined}
          autosize
          minRows={3}
          maxRows={8}
          maxLength={2000}
          data-testid="request-message"
        />
        <TextInput
          size="md"
          type="email"
          label={t('request.email')}
          value={fields.email}
          onChange={set('email')}
          error={tried ? faults.email : undefined}
          maxLength={254}
          autoComplete="email"
          required
          data-testid="request-email"
        />
        <Text size="sm" c="dimmed">
          {t('request.privacy')}
        </Text>
        {file.isError && <ProblemAlert error={file.error} />}
        <Button type="submit" size="xl" loading={file.isPending} data-testid="request-send">
          {t('request.send')}
        </Button>
      </Stack>
    </form>
  );
}
