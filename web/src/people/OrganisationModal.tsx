import { Button, Fieldset, Group, Modal, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { ManagedOrganisation, NewOrganisation, OrganisationTexts } from '../api/types';
import { ProblemAlert } from '../shell/ProblemAlert';
import { OrganisationFields } from './OrganisationFields';

interface OrganisationModalProps {
  /** Which one is changed; without one a new one is made. */
  organisation: ManagedOrganisation | undefined;
  onClose: () => void;
}

const nobody = { lastName: '', firstName: '', middleName: '', birthDate: '', snils: '' };
const empty: OrganisationTexts = { name: '', shortName: '', actNumber: '', actDate: '', contact: '' };
const persons = ['lastName', 'firstName', 'middleName', 'birthDate', 'snils'] as const;

/** An organisation's texts; of a new one its first administrator too. */
export function OrganisationModal({ organisation, onClose }: OrganisationModalProps) {
  const { t } = useTranslation(['people', 'common']);
  const client = useQueryClient();
  const [texts, setTexts] = useState<OrganisationTexts>(() =>
    organisation === undefined
      ? empty
      : {
          name: organisation.name,
          shortName: organisation.shortName,
          actNumber: organisation.actNumber,
          actDate: organisation.actDate,
          contact: organisation.contact,
        },
  );
  const [administrator, setAdministrator] = useState<Required<NewOrganisation['administrator']>>(nobody);
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      organisation === undefined ? api.createOrganisation({ ...texts, administrator }) : api.changeOrganisation(organisation.id, texts),
    onSuccess: async (list) => {
      client.setQueryData(['organisations'], list);
      await client.invalidateQueries({ queryKey: ['session'] }); // the header names it
      onClose();
    },
  });
  const faults: Partial<Record<(typeof persons)[number], string>> = {};
  if (organisation === undefined) {
    for (const field of persons) {
      if (field !== 'middleName' && administrator[field].trim() === '') faults[field] = t('organisations.needed');
    }
    if (faults.snils === undefined && administrator.snils.replace(/\D/g, '').length !== 11) faults.snils = t('organisations.badSnils');
  }
  const complete = texts.name.trim().length >= 3 && texts.shortName.trim() !== '' && Object.keys(faults).length === 0;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (complete) save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={organisation === undefined ? t('organisations.new') : t('organisations.changeTitle')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form onSubmit={submit} noValidate data-testid="organisation-form">
        <Stack gap="md">
          <OrganisationFields texts={texts} onChange={setTexts} tried={tried} />
          {organisation === undefined && (
            <Fieldset legend={t('organisations.first')}>
              <Stack gap="md">
                <Text size="sm" c="dimmed">
                  {t('organisations.firstText')}
                </Text>
                <SimpleGrid cols={{ base: 1, sm: 2 }}>
                  {persons.map((field) => (
                    <TextInput
                      key={field}
                      label={t(`organisations.${field}`)}
                      type={field === 'birthDate' ? 'date' : 'text'}
                      inputMode={field === 'snils' ? 'numeric' : undefined}
                      value={administrator[field]}
                      onChange={(event) => setAdministrator({ ...administrator, [field]: event.currentTarget.value })}
                      maxLength={field === 'snils' ? 20 : 100}
                      required={field !== 'middleName'}
                      error={tried ? faults[field] : undefined}
                      data-testid={`first-${field}`}
                    />
                  ))}
                </SimpleGrid>
              </Stack>
            </Fieldset>
          )}
          {save.isError && <ProblemAlert error={save.error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} data-testid="organisation-save">
              {organisation === undefined ? t('organisations.create') : t('organisations.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
