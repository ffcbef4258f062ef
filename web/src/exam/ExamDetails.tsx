import { SimpleGrid, TextInput } from '@mantine/core';
import { DateTimePicker, DatesProvider } from '@mantine/dates';
import 'dayjs/locale/ru';
import { useTranslation } from 'react-i18next';

/** What an exam is called, and when it is; times are those of the person's own clock, as «YYYY-MM-DD HH:mm:ss». */
export interface Details {
  title: string;
  startsAt: string | null;
  endsAt: string | null;
  code: string;
}

interface ExamDetailsProps {
  details: Details;
  onChange: (details: Details) => void;
  /** The exam is made now: its link can still be chosen. */
  fresh: boolean;
  tried: boolean;
}

/** Title, time and link of an exam. */
export function ExamDetails({ details, onChange, fresh, tried }: ExamDetailsProps) {
  const { t, i18n } = useTranslation('exam');
  const set = (part: Partial<Details>) => onChange({ ...details, ...part });
  const language = i18n.resolvedLanguage ?? 'ru';
  const backwards = details.startsAt !== null && details.endsAt !== null && details.endsAt <= details.startsAt;
  return (
    <DatesProvider settings={{ locale: language, firstDayOfWeek: 1 }}>
      <TextInput
        label={t('form.name')}
        value={details.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
        maxLength={200}
        required
        error={tried && details.title.trim().length < 3 ? t('form.nameNeeded') : undefined}
        data-testid="exam-title"
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <DateTimePicker
          label={t('form.startsAt')}
          description={t('form.zone')}
          valueFormat="D MMMM YYYY, HH:mm"
          value={details.startsAt}
          onChange={(startsAt) => set({ startsAt })}
          required
          error={tried && details.startsAt === null ? t('form.needed') : undefined}
          data-testid="exam-starts"
        />
        <DateTimePicker
          label={t('form.endsAt')}
          description={t('form.endsText')}
          valueFormat="D MMMM YYYY, HH:mm"
          value={details.endsAt}
          onChange={(endsAt) => set({ endsAt })}
          required
          error={tried && (details.endsAt === null ? t('form.needed') : backwards ? t('form.backwards') : undefined)}
          data-testid="exam-ends"
        />
      </SimpleGrid>
      {fresh && (
        <TextInput
          label={t('form.code')}
          description={t('form.codeText')}
          placeholder="matan-2026-zima"
          value={details.code}
          onChange={(event) => set({ code: event.currentTarget.value })}
          maxLength={64}
          maw={420}
          data-testid="exam-code"
        />
      )}
    </DatesProvider>
  );
}
