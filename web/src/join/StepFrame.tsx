import { Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { PageTitle } from '../shell/PageTitle';
import { StationBar } from './StationBar';
import classes from './Join.module.css';
import type { Station } from './step';

interface StepFrameProps {
  title: string;
  station?: Station | undefined;
  /** One sentence below the title. */
  lead?: ReactNode;
  wide?: boolean;
  /** Leaves the whole window to the task; the heading stays for screen readers. */
  bare?: boolean;
  testId: string;
  children: ReactNode;
}

/** One screen of the way: where one is, what it is, and the task. Focus comes to its heading. */
export function StepFrame({ title, station, lead, wide = false, bare = false, testId, children }: StepFrameProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <div className={wide ? `${classes.page} ${classes.wide}` : classes.page} data-testid={`step-${testId}`}>
      <PageTitle title={title} />
      <Stack gap={bare ? 'sm' : 'lg'}>
        {station !== undefined && !bare && <StationBar station={station} />}
        <Stack gap={6} className={bare ? classes.unseen : undefined}>
          <Title order={1} ref={heading} tabIndex={-1} className={classes.heading}>
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" className={classes.lead}>
              {lead}
            </Text>
          )}
        </Stack>
        {children}
      </Stack>
    </div>
  );
}
