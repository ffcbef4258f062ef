import { NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Policy } from '../api/types';
import { AttendanceRules } from './AttendanceRules';
import { LivenessRules } from './LivenessRules';
import { PageRules } from './PageRules';
import { PolicySection } from './PolicySection';
import { SourceRules } from './SourceRules';
import { WatchRules } from './WatchRules';

interface PolicyFormProps {
  policy: Policy;
  onChange: (policy: Policy) => void;
}

const onFailure = ['proctor', 'manual', 'terminate'] as const;
const afterOutage = ['manual', 'wait'] as const;
const againFailure = ['alert', 'pause', 'terminate'] as const;
const ways = ['push', 'session'] as const;

/** A number as it is typed; what is no number stays what it was. */
const numberOr = (value: number | string, before: number): number => (typeof value === 'number' ? value : before);

/** The rules of an exam, each explained where it is set. */
export function PolicyForm({ policy, onChange }: PolicyFormProps) {
  const { t } = useTranslation('exam');
  const set = (part: Partial<Policy>) => onChange({ ...policy, ...part });
  const again = (part: Partial<Policy['again']>) => set({ again: { ...policy.again, ...part } });
  const voice = policy.modalities?.includes('sound') ?? true;
  const random = policy.again.everyMax > 0;
  return (
    <Stack gap="lg" data-testid="policy-form">
      <PolicySection title={t('policy.check.title')} text={t('policy.check.text')}>
        <Stack gap={6}>
          <Text size="sm" fw={500} id="policy-modalities">
            {t('policy.modalities')}
          </Text>
          <SegmentedControl
            aria-labelledby="policy-modalities"
            data={[
              { value: 'both', label: t('policy.both') },
              { value: 'photo', label: t('policy.photoOnly') },
            ]}
            value={voice ? 'both' : 'photo'}
            onChange={(value) =>
              set(value === 'both' ? { modalities: ['photo', 'sound'] } : { modalities: ['photo'], soundThreshold: 0 })
            }
            data-testid="policy-modalities"
          />
        </Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={t('policy.verifier')}
            description={policy.verifier === 'session' ? t('policy.verifierText.session') : t('policy.verifierText.push')}
            data={ways.map((value) => ({ value, label: t(`policy.way.${value}`) }))}
            value={policy.verifier}
            onChange={(value) => value !== null && set({ verifier: value })}
            allowDeselect={false}
            data-testid="policy-verifier"
          />
          <NumberInput
            label={t('policy.threshold')}
            description={t('policy.thresholdText')}
            value={policy.threshold}
            onChange={(value) => set({ threshold: numberOr(value, policy.threshold) })}
            min={0.5}
            max={1}
            step={0.0001}
            decimalScale={5}
            decimalSeparator=","
            data-testid="policy-threshold"
          />
          <NumberInput
            label={t('policy.tries')}
            description={t('policy.triesText')}
            value={policy.tries}
            onChange={(value) => set({ tries: numberOr(value, policy.tries) })}
            min={1}
            max={20}
            allowDecimal={false}
            data-testid="policy-tries"
          />
          <NumberInput
            label={t('policy.digits')}
            description={t('policy.digitsText')}
            value={policy.digits}
            onChange={(value) => set({ digits: numberOr(value, policy.digits) })}
            min={3}
            max={10}
            allowDecimal={false}
            data-testid="policy-digits"
          />
        </SimpleGrid>
      </PolicySection>

      <PolicySection title={t('policy.failure.title')} text={t('policy.failure.text')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={t('policy.onFailure')}
            data={onFailure.map((value) => ({ value, label: t(`policy.failures.${value}`) }))}
            value={policy.onFailure}
            onChange={(value) => value !== null && set({ onFailure: value })}
            allowDeselect={false}
            data-testid="policy-failure"
          />
          <Select
            label={t('policy.outage')}
            description={t('policy.outageText')}
            data={afterOutage.map((value) => ({ value, label: t(`policy.outages.${value}`) }))}
            value={policy.outage.then}
            onChange={(value) => value !== null && set({ outage: { ...policy.outage, then: value } })}
            allowDeselect={false}
            data-testid="policy-outage"
          />
          <NumberInput
            label={t('policy.retry')}
            value={policy.outage.retryMinutes}
            onChange={(value) => set({ outage: { ...policy.outage, retryMinutes: numberOr(value, policy.outage.retryMinutes) } })}
            min={0}
            max={240}
            allowDecimal={false}
            data-testid="policy-retry"
          />
        </SimpleGrid>
      </PolicySection>

      <PolicySection title={t('policy.again.title')} text={t('policy.again.text')}>
        <Switch
          label={t('policy.again.random')}
          checked={random}
          onChange={(event) => again(event.currentTarget.checked ? { everyMin: 15, everyMax: 45 } : { everyMin: 0, everyMax: 0 })}
          data-testid="policy-random"
        />
        {random && (
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NumberInput
              label={t('policy.again.from')}
              value={policy.again.everyMin}
              onChange={(value) => again({ everyMin: numberOr(value, policy.again.everyMin) })}
              min={1}
              max={policy.again.everyMax}
              allowDecimal={false}
            />
            <NumberInput
              label={t('policy.again.to')}
              value={policy.again.everyMax}
              onChange={(value) => again({ everyMax: numberOr(value, policy.again.everyMax) })}
              min={policy.again.everyMin}
              max={240}
              allowDecimal={false}
            />
          </SimpleGrid>
        )}
        <Switch
          label={t('policy.again.reconnected')}
          checked={policy.again.reconnected}
          onChange={(event) => again({ reconnected: event.currentTarget.checked })}
        />
        <Switch
          label={t('policy.again.away')}
          checked={policy.again.awaySeconds > 0}
          onChange={(event) => again({ awaySeconds: event.currentTarget.checked ? 60 : 0 })}
        />
        {policy.again.awaySeconds > 0 && (
          <NumberInput
            label={t('policy.again.seconds')}
            value={policy.again.awaySeconds}
            onChange={(value) => again({ awaySeconds: numberOr(value, policy.again.awaySeconds) })}
            min={5}
            max={3600}
            allowDecimal={false}
            maw={320}
          />
        )}
        <Switch
          label={t('policy.again.digits')}
          checked={policy.again.digits}
          disabled={!voice}
          onChange={(event) => again({ digits: event.currentTarget.checked })}
        />
        <Select
          label={t('policy.again.onFailure')}
          data={againFailure.map((value) => ({ value, label: t(`policy.again.failures.${value}`) }))}
          value={policy.again.onFailure}
          onChange={(value) => value !== null && again({ onFailure: value })}
          allowDeselect={false}
          maw={480}
          data-testid="policy-again-failure"
        />
      </PolicySection>

      <PolicySection title={t('policy.attendance.title')} text={t('policy.attendance.text')}>
        <AttendanceRules policy={policy} onChange={set} />
      </PolicySection>

      <PolicySection title={t('policy.sources.title')} text={t('policy.sources.text')}>
        <SourceRules policy={policy} onChange={set} />
      </PolicySection>

      <PolicySection title={t('policy.page.title')} text={t('policy.page.text')}>
        <PageRules watch={policy.page} work={policy.work} onChange={set} />
      </PolicySection>

      <PolicySection title={t('policy.liveness.title')} text={t('policy.liveness.text')}>
        <LivenessRules rules={policy.liveness} onChange={(liveness) => set({ liveness })} />
      </PolicySection>

      <PolicySection title={t('policy.watch.title')} text={t('policy.watch.text')}>
        <WatchRules rules={policy.watch} onChange={(watch) => set({ watch })} />
      </PolicySection>
    </Stack>
  );
}
