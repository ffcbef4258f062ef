import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { consentExportURL } from '../api/client';
import type { ConsentFilter } from '../api/types';
import { apiFilter } from './filter';

const formats = ['csv', 'xlsx', 'pdf', 'jsonl'] as const;

/** Takes away what the filters leave. */
export function RegisterDownloads({ filter }: { filter: ConsentFilter }) {
  const { t } = useTranslation('register');
  return (
    <Menu position="bottom-end" shadow="md" width={240}>
      <Menu.Target>
        <Button
          leftSection={<IconDownload size={18} aria-hidden />}
          rightSection={<IconChevronDown size={18} aria-hidden />}
          data-testid="download-register"
        >
          {t('download.title')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} component="a" href={consentExportURL(apiFilter(filter), format)} download data-testid={`register-${format}`}>
            {t(`download.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
