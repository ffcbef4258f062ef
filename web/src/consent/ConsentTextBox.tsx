import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ConsentText } from '../api/types';
import classes from './ConsentText.module.css';

/** A consent's text in full, as it is hashed: it scrolls, and the keyboard can reach it. */
export function ConsentTextBox({ text, whole = false }: { text: ConsentText; whole?: boolean }) {
  const { t } = useTranslation('consent');
  const paragraphs = text.body.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  return (
    <div
      className={whole ? `${classes.text} ${classes.whole}` : classes.text}
      data-testid="consent-text"
      role="region"
      aria-label={text.title}
      tabIndex={0}
    >
      {paragraphs.map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
      <Text size="xs" c="dimmed" className={classes.hash}>
        {t('hash')}: {text.sha256}
      </Text>
    </div>
  );
}
