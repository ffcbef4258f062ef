import { Badge, Button, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RegisteredConsent } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Register.module.css';

interface RegisterTableProps {
  consents: RegisteredConsent[];
  filtered: boolean;
  onClear: () => void;
}

const colors = { stands: 'teal', superseded: 'yellow.9', withdrawn: 'red', erased: 'gray' } as const;

/** Who consented to what, when, how and by whom, and until when. */
export function RegisterTable({ consents, filtered, onClear }: RegisterTableProps) {
  const { t } = useTranslation('register');
  if (consents.length === 0) {
    return (
      <EmptyState
        className={classes.frame}
        py={80}
        icon={<IconListSearch aria-hidden />}
        title={filtered ? t('empty.filteredTitle') : t('empty.title')}
        description={filtered ? t('empty.filteredText') : t('empty.text')}
        data-testid="register-empty"
      >
        {filtered && (
          <Button variant="light" onClick={onClear}>
            {t('filter.clear')}
          </Button>
        )}
      </EmptyState>
    );
  }
  const columns = ['student', 'text', 'granted', 'giver', 'state', 'exams'] as const;
  return (
    <Table.ScrollContainer minWidth={1080} className={classes.frame}>
      <Table verticalSpacing="xs" horizontalSpacing="md" fz="sm" stickyHeader data-testid="register-table">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column} scope="col" className={classes.head}>
                {t(`column.${column}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {consents.map((consent) => (
            <RegisterRow key={consent.id} consent={consent} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function RegisterRow({ consent }: { consent: RegisteredConsent }) {
  const { t } = useTranslation('register');
  const format = useFormat();
  return (
    <Table.Tr data-testid={`consent-${consent.id}`} data-state={consent.state} data-by={consent.by}>
      <Table.Td fw={550} miw={190}>{consent.student ?? <Dimmed>{t('erased')}</Dimmed>}</Table.Td>
      <Table.Td maw={420}>
        {t('version', { version: consent.version })}
        <Dimmed>{consent.title}</Dimmed>
      </Table.Td>
      <Table.Td className={classes.number}>
        {format.stamp(consent.grantedAt)}
        {consent.signature !== undefined && <Dimmed>{t(`signature.${consent.signature}`)}</Dimmed>}
      </Table.Td>
      <Table.Td>
        {consent.by === 'guardian' ? (consent.guardian ?? t('by.guardian')) : t('by.student')}
        {consent.authority !== undefined && <Dimmed>{t(`authority.${consent.authority}`)}</Dimmed>}
      </Table.Td>
      <Table.Td>
        <Stack gap={2} align="flex-start">
          <Badge variant="light" color={colors[consent.state]} miw="max-content">
            {t(`state.${consent.state}`)}
          </Badge>
          {consent.withdrawnAt !== undefined && (
            <Dimmed>
              {format.stamp(consent.withdrawnAt)}
              {consent.withdrawnBy !== undefined && consent.withdrawnBy !== consent.student && `, ${consent.withdrawnBy}`}
            </Dimmed>
          )}
        </Stack>
      </Table.Td>
      <Table.Td>{consent.exams.length === 0 ? <Dimmed>{t('noExams')}</Dimmed> : consent.exams.join(', ')}</Table.Td>
    </Table.Tr>
  );
}

function Dimmed({ children }: { children: React.ReactNode }) {
  return (
    <Text size="xs" c="dimmed" component="div">
      {children}
    </Text>
  );
}
