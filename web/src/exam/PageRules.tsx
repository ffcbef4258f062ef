import { Switch, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Policy } from '../api/types';

interface PageRulesProps {
  watch: Policy['page'];
  work: Policy['work'];
  onChange: (part: Partial<Pick<Policy, 'page' | 'work'>>) => void;
}

/** Where the exam itself is, and what of the student's page is watched. */
export function PageRules({ watch, work, onChange }: PageRulesProps) {
  const { t } = useTranslation('exam');
  return (
    <>
      <TextInput
        type="url"
        label={t('policy.page.url')}
        description={t('policy.page.urlText')}
        placeholder="https://lms.example/quiz?id=7"
        value={work.url}
        onChange={(event) => {
          const url = event.currentTarget.value.trim();
          onChange({ work: { url, embed: work.embed && url !== '' } });
        }}
        maxLength={1000}
        data-testid="policy-work"
      />
      {work.url !== '' && (
        <Switch
          label={t('policy.page.embed')}
          description={t('policy.page.embedText')}
          checked={work.embed}
          onChange={(event) => onChange({ work: { ...work, embed: event.currentTarget.checked } })}
          data-testid="policy-embed"
        />
      )}
      {(['tabs', 'focus', 'fullScreen'] as const).map((what) => (
        <Switch
          key={what}
          label={t(`policy.page.${what}`)}
          description={t(`policy.page.${what}Text`)}
          checked={watch[what]}
          onChange={(event) => onChange({ page: { ...watch, [what]: event.currentTarget.checked } })}
          data-testid={`policy-${what}`}
        />
      ))}
    </>
  );
}
