import { Input, NumberInput, SimpleGrid, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Policy } from '../api/types';

interface SourceRulesProps {
  policy: Policy;
  onChange: (part: Partial<Pick<Policy, 'screen' | 'phone' | 'rates'>>) => void;
}

/** The bounds of each ceiling (proctor/exam/source.go). */
const bounds = { low: [64, 500], high: [150, 4000], screen: [150, 4000], phone: [150, 4000] } as const;

/** What is recorded beside camera and microphone, and how much of the student's network that may take. */
export function SourceRules({ policy, onChange }: SourceRulesProps) {
  const { t } = useTranslation('exam');
  const { rates } = policy;
  const shown = (['low', 'high', 'screen', 'phone'] as const).filter((rate) => rate === 'low' || rate === 'high' || policy[rate] === 'required');
  const labels = { low: t('policy.sources.low'), high: t('policy.sources.high'), screen: t('policy.sources.screenRate'), phone: t('policy.sources.phoneRate') };
  return (
    <>
      <Switch
        label={t('policy.sources.screen')}
        description={t('policy.sources.screenText')}
        checked={policy.screen === 'required'}
        onChange={(event) => onChange({ screen: event.currentTarget.checked ? 'required' : 'none' })}
        data-testid="policy-screen"
      />
      <Switch
        label={t('policy.sources.phone')}
        description={t('policy.sources.phoneText')}
        checked={policy.phone === 'required'}
        onChange={(event) => onChange({ phone: event.currentTarget.checked ? 'required' : 'none' })}
        data-testid="policy-phone"
      />
      <Input.Wrapper label={t('policy.sources.rates')} description={t('policy.sources.ratesText')}>
        <SimpleGrid cols={{ base: 2, sm: shown.length }} mt="xs">
          {shown.map((rate) => (
            <NumberInput
              key={rate}
              label={labels[rate]}
              value={rates[rate]}
              onChange={(value) => typeof value === 'number' && onChange({ rates: { ...rates, [rate]: value } })}
              min={bounds[rate][0]}
              max={bounds[rate][1]}
              step={50}
              allowDecimal={false}
              data-testid={`policy-rate-${rate}`}
            />
          ))}
        </SimpleGrid>
      </Input.Wrapper>
    </>
  );
}
