import { Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const phases = ['looking', 'challenge', 'verifying'] as const;

/** Face, digits, comparison: which of the three is under way. */
export function PhaseBar({ phase }: { phase: (typeof phases)[number] }) {
  const { t } = useTranslation('join');
  const labels = {
    looking: t('identification.phaseLook'),
    challenge: t('identification.phaseRead'),
    verifying: t('identification.phaseVerify'),
  };
  const current = phases.indexOf(phase);
  return (
    <SimpleGrid cols={3} spacing={8}>
      {phases.map((name, index) => (
        <Stack key={name} gap={4}>
          <Progress
            size={6}
            value={index <= current ? 100 : 0}
            animated={index === current}
            color={index < current ? 'teal' : undefined}
            aria-hidden
          />
          <Text
            size="sm"
            c={index === current ? undefined : 'dimmed'}
            fw={index === current ? 600 : 400}
            aria-current={index === current ? 'step' : undefined}
          >
            {labels[name]}
          </Text>
        </Stack>
      ))}
    </SimpleGrid>
  );
}
