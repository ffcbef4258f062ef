import { Modal, type ModalProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

type DialogProps = Pick<ModalProps, 'opened' | 'onClose' | 'title' | 'children'>;

/**
 * A dialog of which nothing is made before it is first asked for: closed ones cost a page with many of them a good part of its time. It is made
 * closed and opened then, so that it knows where the focus was and gives it back.
 */
export function Dialog({ opened, ...rest }: DialogProps) {
  const { t } = useTranslation();
  const [made, setMade] = useState(false);
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the first render must be of a closed one
    if (opened) setMade(true);
  }, [opened]);
  if (!opened && !made) return null;
  return <Modal opened={opened && made} closeButtonProps={{ 'aria-label': t('close') }} {...rest} />;
}
