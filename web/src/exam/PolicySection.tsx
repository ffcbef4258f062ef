import { Card, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PolicySectionProps {
  title: string;
  text: string;
  children: ReactNode;
}

/** One subject of an exam's rules: what it is about, then its settings. */
export function PolicySection({ title, text, children }: PolicySectionProps) {
  return (
    <Card component="section" padding="lg">
      <Stack gap="md">
        <Stack gap={4}>
          <Title order={2} size="h3">
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        </Stack>
        {children}
      </Stack>
    </Card>
  );
}
