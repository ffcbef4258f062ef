import { Button, Group, Menu, Select, Text } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { logExportURL } from '../api/client';
import type { LogFilter, Separator } from '../api/types';
import { apiFilter } from './filter';

const others = ['xlsx', 'jsonl', 'package'] as const;
const separators: Separator[] = ['semicolon', 'comma', 'tab'];

/** Downloads what the filters leave: a table, lines of JSON, a paper, or a package that anyone can check. */
export function DownloadBar({ filter }: { filter: LogFilter }) {
  const { t } = useTranslation('log');
  const [separator, setSeparator] = useState<Separator>('semicolon');
  const narrowed = apiFilter(filter);
  // A paper is of one exam or of one attempt, whole.
  const paper = Object.keys(filter).length === 1 && (filter.exam !== undefined || filter.attempt !== undefined);
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
      <Menu position="bottom-end" shadow="md" width={300}>
        <Menu.Target>
          <Button variant="default" size="sm" rightSection={<IconChevronDown size={18} aria-hidden />} data-testid="download-more">
            {t('download.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {others.map((format) => (
            <Menu.Item
              key={format}
              component="a"
              href={logExportURL(narrowed, format, separator)}
              download
              data-testid={`download-${format}`}
            >
              {t(`download.${format}`)}
            </Menu.Item>
          ))}
          <Menu.Item
            component="a"
            href={logExportURL(narrowed, 'pdf', separator)}
            download
            disabled={!paper}
            data-testid="download-pdf"
          >
            {t(filter.attempt === undefined ? 'download.pdf' : 'download.protocol')}
            {!paper && (
              <Text size="xs" c="dimmed">
                {t('download.pdfNeeds')}
              </Text>
            )}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
