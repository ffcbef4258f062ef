import { Badge, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import { useProblemText } from '../shell/useProblemText';
import classes from './System.module.css';

const known = ['postgres', 'minio', 'esia', 'verifier', 'mail', 'log', 'retention', 'spool', 'media'] as const;

function CheckItem({ name }: { name: string }) {
  const { t } = useTranslation('system');
  const problemText = useProblemText();
  const check = useMutation({ mutationFn: () => api.checkSystem(name) });
  const words = known.find((one) => one === name);
  const label = words === undefined ? name : t(`checks.name.${words}`);
  const failed = check.data?.ok === false;
  return (
    <li className={classes.check} data-testid={`check-${name}`} data-state={check.data === undefined ? 'none' : check.data.ok ? 'ok' : 'failed'}>
      <div className={classes.checkName}>
        <Text fw={600} size="sm">
          {label}
        </Text>
        <Text size="sm" c="dimmed">
          {words !== undefined && (failed ? t(`checks.mend.${words}`) : t(`checks.for.${words}`))}
        </Text>
        {check.isError && (
          <Text size="sm" c="red.9" role="alert">
            {problemText(check.error).text}
          </Text>
        )}
      </div>
      <div aria-live="polite">
        {check.data !== undefined && (
          <Badge size="lg" variant="light" color={check.data.ok ? 'teal' : 'red'}>
            {check.data.ok ? t('checks.ok', { ms: check.data.tookMs }) : t('checks.failed')}
          </Badge>
        )}
      </div>
      <Button size="sm" variant="default" loading={check.isPending} onClick={() => check.mutate()} aria-label={t('checks.runOf', { what: label })} data-testid={`check-run-${name}`}>
        {t('checks.run')}
      </Button>
    </li>
  );
}

/** What the service depends on, each with a button that asks it now. */
export function CheckList({ names }: { names: string[] }) {
  return (
    <Stack className={classes.frame} gap={0}>
      <ul className={classes.checks}>
        {names.map((name) => (
          <CheckItem key={name} name={name} />
        ))}
      </ul>
    </Stack>
  );
}
