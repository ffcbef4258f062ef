import { SimpleGrid, TextInput, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { OrganisationTexts } from '../api/types';

interface OrganisationFieldsProps {
  texts: OrganisationTexts;
  onChange: (texts: OrganisationTexts) => void;
  /** Somebody tried to save: what is missing is named. */
  tried: boolean;
}

/** What an organisation is called, and whom its students turn to. */
export function OrganisationFields({ texts, onChange, tried }: OrganisationFieldsProps) {
  const { t } = useTranslation('people');
  const set = (part: Partial<OrganisationTexts>) => onChange({ ...texts, ...part });
  return (
    <>
      <TextInput
        label={t('organisations.name')}
        description={t('organisations.nameText')}
        value={texts.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        maxLength={300}
        required
        error={tried && texts.name.trim().length < 3 ? t('organisations.needed') : undefined}
        data-autofocus
        data-testid="organisation-name"
      />
      <TextInput
        label={t('organisations.shortName')}
        description={t('organisations.shortText')}
        value={texts.shortName}
        onChange={(event) => set({ shortName: event.currentTarget.value })}
        maxLength={60}
        required
        error={tried && texts.shortName.trim() === '' ? t('organisations.needed') : undefined}
        data-testid="organisation-short"
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('organisations.actNumber')}
          value={texts.actNumber}
          onChange={(event) => set({ actNumber: event.currentTarget.value })}
          maxLength={100}
          data-testid="organisation-act"
        />
        <TextInput
          type="date"
          label={t('organisations.actDate')}
          value={texts.actDate}
          onChange={(event) => set({ actDate: event.currentTarget.value })}
          data-testid="organisation-act-date"
        />
      </SimpleGrid>
      <Textarea
        label={t('organisations.contact')}
        description={t('organisations.contactText')}
        value={texts.contact}
        onChange={(event) => set({ contact: event.currentTarget.value })}
        maxLength={500}
        autosize
        minRows={2}
        data-testid="organisation-contact"
      />
    </>
  );
}
