import { Anchor, Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { ConsentFilter } from '../api/types';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { ProblemAlert } from '../shell/ProblemAlert';
import { filterOf, searchOf } from './filter';
import { RegisterDownloads } from './RegisterDownloads';
import { RegisterFilters } from './RegisterFilters';
import { RegisterTable } from './RegisterTable';
import { useRegister } from './useRegister';

/** The register of consents: filters that live in the address, the lines, the downloads. */
export default function RegisterPage() {
  const { t } = useTranslation('register');
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => filterOf(search), [search]);
  const register = useRegister(filter);
  const consents = register.data?.pages.flatMap((page) => page.consents) ?? [];
  const change = (next: ConsentFilter) => setSearch(searchOf(next), { replace: true });
  return (
    <Container size={1400} py="md" data-testid="register-page">
      <PageTitle title={t('title')} />
      <Stack gap="md">
        <Group justify="space-between" align="flex-end" gap="md">
          <Stack gap={2} flex="1 1 300px">
            <Title order={1} size="h2">
              {t('title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('text')}{' '}
              <Anchor component={Link} to="/consent-texts" size="sm" underline="always">
                {t('texts')}
              </Anchor>
            </Text>
          </Stack>
          <RegisterDownloads filter={filter} />
        </Group>
        <RegisterFilters filter={filter} onChange={change} />
        {register.isError && <ProblemAlert error={register.error} onRetry={() => void register.refetch()} />}
        {register.isPending && <LoadingView />}
        {register.data !== undefined && (
          <>
            <RegisterTable consents={consents} filtered={Object.keys(filter).length > 0} onClear={() => change({})} />
            <Group justify="center" gap="md">
              {consents.length > 0 && (
                <Text size="sm" c="dimmed" aria-live="polite" data-testid="register-shown">
                  {t('shown', { count: consents.length })}
                </Text>
              )}
              {register.hasNextPage && (
                <Button variant="default" loading={register.isFetchingNextPage} onClick={() => void register.fetchNextPage()} data-testid="register-more">
                  {t('more')}
                </Button>
              )}
            </Group>
          </>
        )}
      </Stack>
    </Container>
  );
}
