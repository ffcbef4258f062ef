import { Badge, Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconLink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RequestCandidate, RequestDetail } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { AgreementMark } from './AgreementMark';
import classes from './Requests.module.css';

interface CandidateCardProps {
  request: RequestDetail;
  candidate: RequestCandidate;
  onLink: () => void;
}

/** What Gosuslugi say beside what the organisation knows of one person. */
export function CandidateCard({ request, candidate, onLink }: CandidateCardProps) {
  const { t } = useTranslation('requests');
  const format = useFormat();
  const { claims } = request;
  const written = [request.faculty, request.group].filter((part) => part !== '').join(', ');
  const rows = [
    { field: 'name', esia: claims.name, ours: candidate.name },
    { field: 'birthDate', esia: format.date(claims.birthDate), ours: format.date(candidate.birthDate) },
    { field: 'snils', esia: claims.snils, ours: candidate.snils },
    { field: 'document', esia: claims.documents.join(', '), ours: candidate.document },
  ] as const;
  return (
    <Card padding="md" data-testid={`candidate-${candidate.personId}`} data-taken={candidate.taken}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Title order={3} size="h4">
            {candidate.name}
          </Title>
          {candidate.taken ? (
            <Badge variant="light" color="gray">
              {t('taken')}
            </Badge>
          ) : (
            <Button variant="light" leftSection={<IconLink size={18} aria-hidden />} onClick={onLink} data-testid={`link-${candidate.personId}`}>
              {t('link')}
            </Button>
          )}
        </Group>
        <Table className={classes.compare} verticalSpacing={6} horizontalSpacing="xs" withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Td className={classes.label} />
              <Table.Th>{t('esia')}</Table.Th>
              <Table.Th>{t('ours')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ field, esia, ours }) => (
              <Table.Tr key={field} data-field={field}>
                <Table.Th scope="row" className={classes.label}>
                  {t(`field.${field}`)}
                </Table.Th>
                <Table.Td>{esia === '' ? t('none') : esia}</Table.Td>
                <Table.Td>
                  <div>{ours === '' ? t('none') : ours}</div>
                  <AgreementMark is={candidate.same[field]} />
                </Table.Td>
              </Table.Tr>
            ))}
            <Table.Tr data-field="group">
              <Table.Th scope="row" className={classes.label}>
                {t('field.group')}
              </Table.Th>
              <Table.Td>{written === '' ? t('none') : written}</Table.Td>
              <Table.Td>
                {candidate.groups.length === 0 && t('none')}
                {candidate.groups.map((group) => (
                  <Text key={group} size="sm">
                    {group}
                  </Text>
                ))}
              </Table.Td>
            </Table.Tr>
          </Table.Tbody>
        </Table>
      </Stack>
    </Card>
  );
}
