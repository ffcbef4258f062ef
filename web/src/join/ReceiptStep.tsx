import { Button, DataList, Group, Stack, Text } from '@mantine/core';
import { IconFolder, IconPrinter } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Attempt } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ContactLine } from './ContactLine';
import classes from './Join.module.css';
import { StepFrame } from './StepFrame';
import { useRecordedNames } from './useRecordedNames';

/** What was recorded and decided, for the student to keep. */
export function ReceiptStep({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation(['join', 'common']);
  const format = useFormat();
  const recorded = useRecordedNames(attempt.exam.recorded);
  const { lastIdentification: identification, consent, student, exam } = attempt;
  const rows: [string, string][] = [
    [t('receipt.student'), student.group === '' ? student.displayName : `${student.displayName}, ${t('receipt.group', { group: student.group })}`],
    [t('receipt.exam'), `${exam.title}, ${format.period(exam.startsAt, exam.endsAt)}`],
  ];
  if (consent.grantedAt !== undefined) {
    const at = format.dateTime(consent.grantedAt);
    rows.push([t('receipt.consent'), t('receipt.consentValue', { version: consent.text.version, at })]);
  }
  if (identification !== undefined) {
    const outcome = t(`common:outcome.${identification.outcome}`);
    const at = format.dateTime(identification.at);
    rows.push([t('receipt.identification'), t('receipt.identificationValue', { outcome, at })]);
    if (identification.score !== undefined) {
      const score = format.score(identification.score.overall);
      const threshold = format.score(identification.threshold);
      rows.push([t('receipt.score'), t('receipt.scoreValue', { score, threshold })]);
    }
    if (identification.logIndex !== undefined) {
      rows.push([t('receipt.log'), t('receipt.logValue', { index: identification.logIndex })]);
    }
  }
  rows.push([t('receipt.recorded'), recorded], [t('receipt.samples'), t('receipt.samplesValue')], [t('receipt.attempt'), attempt.id]);
  return (
    <StepFrame title={t('receipt.title')} lead={t('receipt.text')} testId="receipt">
      <Stack className={classes.panel} gap="lg" data-testid="receipt">
        <DataList size="md" orientation="vertical">
          {rows.map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
        <Group className={classes.noPrint}>
          <Button variant="light" leftSection={<IconPrinter aria-hidden />} onClick={() => window.print()} data-testid="print">
            {t('receipt.print')}
          </Button>
          <Button component={Link} to="/my-file" variant="default" leftSection={<IconFolder aria-hidden />} data-testid="to-my-file">
            {t('myFile')}
          </Button>
        </Group>
      </Stack>
      {exam.contact !== '' && <Text size="md">{t('receipt.question', { contact: exam.contact })}</Text>}
      <div className={classes.noPrint}>
        <ContactLine contact={exam.contact} />
      </div>
    </StepFrame>
  );
}
