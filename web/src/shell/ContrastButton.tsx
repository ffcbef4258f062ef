import { ActionIcon } from '@mantine/core';
import { IconContrastFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseContrast, contrastChosen } from '../theme/contrast';

/** Switches to plain black and white with strong lines, and back; kept for the next time. */
export function ContrastButton() {
  const { t } = useTranslation();
  const [high, setHigh] = useState(contrastChosen);
  return (
    <ActionIcon
      size="lg"
      variant={high ? 'filled' : 'subtle'}
      {...(high ? {} : { color: 'gray', c: 'dimmed' })}
      aria-label={t('header.contrast')}
      aria-pressed={high}
      title={t('header.contrast')}
      onClick={() => {
        chooseContrast(!high);
        setHigh(!high);
      }}
      data-testid="contrast"
    >
      <IconContrastFilled size={20} aria-hidden />
    </ActionIcon>
  );
}
