import { Select, SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const flags = [
  'frozen_picture',
  'looped_picture',
  'virtual_camera',
  'odd_frame_rate',
  'no_camera_noise',
  'voice_before_digits',
  'voice_not_following_digits',
  'mouth_not_moving',
  'face_changed',
] as const;
const responses = ['stop', 'warn', 'off'] as const;

interface LivenessRulesProps {
  rules: Record<string, string>;
  onChange: (rules: Record<string, string>) => void;
}

/** What each doubt of our own does: those not set warn. */
export function LivenessRules({ rules, onChange }: LivenessRulesProps) {
  const { t } = useTranslation('exam');
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {flags.map((flag) => (
        <Select
          key={flag}
          label={t(`policy.flag.${flag}`)}
          data={responses.map((value) => ({ value, label: t(`policy.response.${value}`) }))}
          value={rules[flag] ?? 'warn'}
          onChange={(value) => value !== null && onChange({ ...rules, [flag]: value })}
          allowDeselect={false}
          data-testid={`policy-flag-${flag}`}
        />
      ))}
    </SimpleGrid>
  );
}
