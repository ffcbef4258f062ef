import { NumberInput, SimpleGrid, Stack, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { behaviours, type Policy } from '../api/types';

type Rules = Policy['watch'];
type Behaviour = (typeof behaviours)[number];

/** How long each must last when it is switched on, and the bounds of its limit (proctor/exam/watching.go). */
const bounds: Record<Behaviour, { on: number; least?: number; most?: number; step?: number }> = {
  face_absent: { on: 10 },
  several_faces: { on: 3 },
  face_small: { on: 30, least: 5, most: 200, step: 1 },
  looking_away: { on: 15, least: 10, most: 45, step: 1 },
  picture_frozen: { on: 30 },
  picture_black: { on: 5 },
  camera_covered: { on: 5 },
  speech: { on: 5, least: -70, most: -10, step: 1 },
  other_voice: { on: 5, least: 0.1, most: 2, step: 0.1 },
  silent_mouth: { on: 10, least: 0.01, most: 1, step: 0.01 },
  screen_lost: { on: 5 },
};
const withLimit = ['face_small', 'looking_away', 'speech', 'other_voice', 'silent_mouth'] as const;

interface WatchRulesProps {
  rules: Rules;
  onChange: (rules: Rules) => void;
}

/** What is pointed out to the proctor while the exam goes on, each with how long it must last. */
export function WatchRules({ rules, onChange }: WatchRulesProps) {
  const { t } = useTranslation('exam');
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
      {behaviours.map((behaviour) => {
        const { on, least, most, step } = bounds[behaviour];
        const rule = rules[behaviour] ?? { after: 0, limit: 0 };
        const set = (part: Partial<typeof rule>) => onChange({ ...rules, [behaviour]: { ...rule, ...part } });
        const measured = withLimit.find((known) => known === behaviour);
        return (
          <Stack key={behaviour} gap="xs">
            <Switch
              label={t(`policy.watch.behaviour.${behaviour}`)}
              description={t(`policy.watch.behaviourText.${behaviour}`)}
              checked={rule.after > 0}
              onChange={(event) => set({ after: event.currentTarget.checked ? on : 0 })}
              data-testid={`policy-watch-${behaviour}`}
            />
            {rule.after > 0 && (
              <SimpleGrid cols={2}>
                <NumberInput
                  label={t('policy.watch.after')}
                  value={rule.after}
                  onChange={(value) => typeof value === 'number' && set({ after: value })}
                  min={1}
                  max={600}
                  allowDecimal={false}
                />
                {measured !== undefined && (
                  <NumberInput
                    label={t(`policy.watch.limit.${measured}`)}
                    value={rule.limit}
                    onChange={(value) => typeof value === 'number' && set({ limit: value })}
                    min={least}
                    max={most}
                    step={step}
                    decimalSeparator=","
                  />
                )}
              </SimpleGrid>
            )}
          </Stack>
        );
      })}
    </SimpleGrid>
  );
}
