import { Button, Group, Select } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { logExportURL } from '../api/client';
import type { LogFilter, Separator } from '../api/types';
import { apiFilter } from './filter';

const separators: Separator[] = ['semicolon', 'comma', 'tab'];

/** Downloads what the filters leave, as a table or as signed-off lines of JSON. */
export function DownloadBar({ filter }: { filter: LogFilter }) {
  const { t } = useTranslation('log');
  const [separator, setSeparator] = useState<Separator>('semicolon');
  const narrowed = apiFilter(filter);
  return (
    <Group gap="xs" align="flex-end">
      <Select
        label={t('download.separator')}
        size="sm"
        w={170}
        allowDeselect={false}
        data={separators.map((value) => ({ value, label: t(`download.${value}`) }))}
        value={separator}
        onChange={(value) => value !== null && setSeparator(value)}
        data-testid="csv-separator"
      />
      <Button
        component="a"
        href={logExportURL(narrowed, 'csv', separator)}
        download
        size="sm"
        leftSection={<IconDownload size={18} aria-hidden />}
        data-testid="download-csv"
      >
        {t('download.csv')}
      </Button>
      <Button
        component="a"
        href={logExportURL(narrowed, 'jsonl', separator)}
        download
        size="sm"
        variant="default"
        leftSection={<IconDownload size={18} aria-hidden />}
        data-testid="download-jsonl"
      >
        {t('download.jsonl')}
      </Button>
    </Group>
  );
}
