import { Text } from '@mantine/core';
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Agreement } from '../api/types';
import classes from './Requests.module.css';

const icons = { same: IconCheck, differs: IconX, unknown: IconMinus };
const colors = { same: 'teal.9', differs: 'red.9', unknown: 'dimmed' };

/** Whether something is as Gosuslugi say: an icon, a colour and a word. */
export function AgreementMark({ is }: { is: Agreement }) {
  const { t } = useTranslation('requests');
  const Icon = icons[is];
  return (
    <Text component="span" className={classes.mark} c={colors[is]} data-agreement={is}>
      <Icon size={16} aria-hidden />
      {t(`agreement.${is}`)}
    </Text>
  );
}
