import { Button, Group, Menu, Select, Stack, Text } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { logExportURL } from '../api/client';
import type { LogFilter, OrderFormat, Separator } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ConfirmModal } from '../shell/ConfirmModal';
import { ProblemAlert } from '../shell/ProblemAlert';
import { apiFilter } from './filter';
import { RecordingsItem } from './RecordingsItem';
import { useOrderExport } from './useExports';
import { useExportPlan } from './useLog';

const others = ['xlsx', 'jsonl', 'package'] as const;
const separators: Separator[] = ['semicolon', 'comma', 'tab'];

/**
 * Downloads what the filters leave: a table, lines of JSON, a paper, or a package that anyone can check. What is large, or has recordings in it,
 * the server prepares (ExportsPanel); the rest are plain links.
 */
export function DownloadBar({ filter }: { filter: LogFilter }) {
  const { t } = useTranslation('log');
  const format = useFormat();
  const [separator, setSeparator] = useState<Separator>('semicolon');
  const [asking, setAsking] = useState(false);
  const plan = useExportPlan(filter).data;
  const order = useOrderExport();
  const narrowed = apiFilter(filter);
  const large = plan?.large === true;
  // A paper is of one exam or of one attempt, whole.
  const paper = Object.keys(filter).length === 1 && (filter.exam !== undefined || filter.attempt !== undefined);
  const prepare = (what: OrderFormat) => order.mutate({ filter, format: what, separator, recordings: false });
  const link = (what: OrderFormat) => ({ component: 'a' as const, href: logExportURL(narrowed, what, separator), download: true });
  return (
    <Stack gap={4} align="flex-end">
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
          {...(large ? { onClick: () => prepare('csv'), loading: order.isPending } : link('csv'))}
          size="sm"
          leftSection={<IconDownload size={18} aria-hidden />}
          data-testid="download-csv"
        >
          {t('download.csv')}
        </Button>
        <Menu position="bottom-end" shadow="md" width={320}>
          <Menu.Target>
            <Button variant="default" size="sm" rightSection={<IconChevronDown size={18} aria-hidden />} data-testid="download-more">
              {t('download.more')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {others.map((what) => (
              <Menu.Item key={what} {...(large ? { onClick: () => prepare(what) } : link(what))} data-testid={`download-${what}`}>
                {t(`download.${what}`)}
              </Menu.Item>
            ))}
            <RecordingsItem
              plan={plan}
              onChoose={() => {
                order.reset();
                setAsking(true);
              }}
            />
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
      {large && (
        <Text size="xs" c="dimmed" data-testid="download-large">
          {t('download.large')}
        </Text>
      )}
      {order.isError && !asking && <ProblemAlert error={order.error} />}
      <ConfirmModal
        opened={asking}
        title={t('recordings.title')}
        text={t('recordings.text', { files: plan?.files ?? 0, size: format.bytes(plan?.bytes ?? 0) })}
        confirmLabel={t('recordings.order')}
        pending={order.isPending}
        error={order.error}
        onConfirm={() => order.mutate({ filter, format: 'package', separator, recordings: true }, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
        testId="recordings-order"
      />
    </Stack>
  );
}
