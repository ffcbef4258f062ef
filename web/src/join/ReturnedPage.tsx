import { Button, Container, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { LoadingView } from '../shell/LoadingView';
import { PageTitle } from '../shell/PageTitle';
import { examOpenElsewhere } from './examTab';

/** Where the verifier's page sends the browser back to: the exam goes on in its own tab, or here when there is none. */
export default function ReturnedPage() {
  const { t } = useTranslation('join');
  const { code = '' } = useParams();
  const navigate = useNavigate();
  const [elsewhere, setElsewhere] = useState(false);
  const exam = `/e/${encodeURIComponent(code)}`;
  useEffect(() => {
    let gone = false;
    void examOpenElsewhere(code).then((open) => {
      if (gone) return;
      if (open) setElsewhere(true);
      else void navigate(exam, { replace: true });
    });
    return () => {
      gone = true;
    };
  }, [code, exam, navigate]);
  if (!elsewhere) return <LoadingView />;
  return (
    <Container size="xs" py={80} data-testid="returned">
      <PageTitle title={t('returned.title')} />
      <Stack align="center" ta="center" gap="lg">
        <ThemeIcon size={56} radius="xl">
          <IconArrowBackUp size={32} aria-hidden />
        </ThemeIcon>
        <Title order={1}>{t('returned.title')}</Title>
        <Text size="lg">{t('returned.text')}</Text>
        <Button component={Link} to={exam} variant="subtle">
          {t('returned.toExam')}
        </Button>
      </Stack>
    </Container>
  );
}
