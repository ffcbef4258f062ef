import { Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const ways = {
  push: ['looking', 'challenge', 'verifying'],
  face: ['looking', 'verifying'],
  session: ['looking', 'away', 'verifying'],
} as const;

interface PhaseBarProps {
  phase: 'looking' | 'challenge' | 'away' | 'verifying';
  way: keyof typeof ways;
}

/** Face, then digits or the verifier's page if any, then the comparison: which of them is under way. */
export function PhaseBar({ phase, way }: PhaseBarProps) {
  const phases: readonly PhaseBarProps['phase'][] = ways[way];
  const { t } = useTranslation('join');
  const labels = {
    looking: t('identification.phaseLook'),
    challenge: t('identification.phaseRead'),
    away: t('identification.phaseAway'),
    verifying: t('identification.phaseVerify'),
  };
  const current = phases.indexOf(phase);
  return (
    <SimpleGrid cols={phases.length} spacing={8}>
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
