import { NumberInput, SimpleGrid, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Policy } from '../api/types';

interface AttendanceRulesProps {
  policy: Policy;
  onChange: (part: Pick<Policy, 'admission' | 'breaks'>) => void;
}

/** Who lets students in, and whether they may take breaks. */
export function AttendanceRules({ policy, onChange }: AttendanceRulesProps) {
  const { t } = useTranslation('exam');
  const { admission, breaks } = policy;
  const set = (part: Partial<Policy['breaks']>) => onChange({ admission, breaks: { ...breaks, ...part } });
  const whole = (value: number | string, before: number) => (typeof value === 'number' ? value : before);
  return (
    <>
      <Switch
        label={t('policy.attendance.admission')}
        description={t('policy.attendance.admissionText')}
        checked={admission === 'proctor'}
        onChange={(event) => onChange({ admission: event.currentTarget.checked ? 'proctor' : 'at_once', breaks })}
        data-testid="policy-admission"
      />
      <Switch
        label={t('policy.attendance.breaks')}
        description={t('policy.attendance.breaksText')}
        checked={breaks.count > 0}
        onChange={(event) =>
          onChange({ admission, breaks: event.currentTarget.checked ? { count: 1, minutes: 10 } : { count: 0, minutes: 0 } })
        }
        data-testid="policy-breaks"
      />
      {breaks.count > 0 && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <NumberInput
            label={t('policy.attendance.count')}
            value={breaks.count}
            onChange={(value) => set({ count: whole(value, breaks.count) })}
            min={1}
            max={20}
            allowDecimal={false}
          />
          <NumberInput
            label={t('policy.attendance.minutes')}
            value={breaks.minutes}
            onChange={(value) => set({ minutes: whole(value, breaks.minutes) })}
            min={1}
            max={120}
            allowDecimal={false}
          />
        </SimpleGrid>
      )}
    </>
  );
}
