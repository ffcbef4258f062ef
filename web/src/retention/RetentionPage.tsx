import { Container, Stack, Tabs, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { PageTitle } from '../shell/PageTitle';
import { CalendarPanel } from './CalendarPanel';
import { HoldsPanel } from './HoldsPanel';
import { ReceiptsPanel } from './ReceiptsPanel';
import { TermsPanel } from './TermsPanel';

const tabs = ['calendar', 'terms', 'holds', 'receipts'] as const;

/** What is kept how long: what expires when, the terms, the holds that stop it, and what was deleted. */
export default function RetentionPage() {
  const { t } = useTranslation('retention');
  const [search, setSearch] = useSearchParams();
  const tab = tabs.find((known) => known === search.get('tab')) ?? 'calendar';
  return (
    <Container size="lg" py="lg" data-testid="retention-page">
      <PageTitle title={t('title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('title')}</Title>
          <Text c="dimmed" maw={760}>
            {t('text')}
          </Text>
        </Stack>
        <Tabs value={tab} onChange={(value) => setSearch(value === null ? {} : { tab: value }, { replace: true })} keepMounted={false}>
          <Tabs.List>
            {tabs.map((name) => (
              <Tabs.Tab key={name} value={name} px={8} data-testid={`tab-${name}`}>
                {t(`tab.${name}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="calendar" pt="lg">
            <CalendarPanel />
          </Tabs.Panel>
          <Tabs.Panel value="terms" pt="lg">
            <TermsPanel />
          </Tabs.Panel>
          <Tabs.Panel value="holds" pt="lg">
            <HoldsPanel />
          </Tabs.Panel>
          <Tabs.Panel value="receipts" pt="lg">
            <ReceiptsPanel />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Container>
  );
}
