import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck, IconDevices } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/** This phone is a camera no more: the exam has ended, or another one is it. */
export function PhoneEnd({ phase }: { phase: 'replaced' | 'over' }) {
  const { t } = useTranslation('phone');
  return (
    <Stack align="center" ta="center" gap="md" py="xl" role="status" data-testid="phone-end" data-phase={phase}>
      <ThemeIcon size={56} radius="xl" color={phase === 'over' ? 'teal' : 'gray'}>
        {phase === 'over' ? <IconCheck size={32} aria-hidden /> : <IconDevices size={32} aria-hidden />}
      </ThemeIcon>
      <Title order={2}>{t(`${phase}.title`)}</Title>
      <Text size="lg">{t(`${phase}.text`)}</Text>
    </Stack>
  );
}
