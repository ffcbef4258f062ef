import { ActionIcon, Menu, SegmentedControl } from '@mantine/core';
import { IconMessage2Bolt } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { phrases, type PhraseLanguage } from './phrases';

/** Ready phrases in both languages: what is chosen is put into the field and can be changed. */
export function Phrases({ onChoose }: { onChoose: (text: string) => void }) {
  const { t, i18n } = useTranslation('wall');
  const [language, setLanguage] = useState<PhraseLanguage>(i18n.language === 'en' ? 'en' : 'ru');
  return (
    <Menu position="top-start" withinPortal width={340}>
      <Menu.Target>
        <ActionIcon size={36} variant="default" aria-label={t('phrases.label')} data-testid="phrases">
          <IconMessage2Bolt size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={t('phrases.language')}
          value={language}
          onChange={setLanguage}
          data={[
            { value: 'ru', label: 'Русский' },
            { value: 'en', label: 'English' },
          ]}
        />
        {phrases[language].map((text) => (
          <Menu.Item key={text} lang={language} onClick={() => onChoose(text)} data-testid="phrase">
            {text}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
