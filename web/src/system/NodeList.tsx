import { Badge, Group, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { NodeLoad } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './System.module.css';

const figures = ['rooms', 'publishers', 'viewers'] as const;

/** The nodes of the service, where there are several: which is up, and what is on it. */
export function NodeList({ nodes }: { nodes: NodeLoad[] }) {
  const { t } = useTranslation('system');
  const format = useFormat();
  return (
    <div className={classes.frame} role="region" aria-label={t('nodes.title')} tabIndex={0}>
      <Table className={classes.rooms} verticalSpacing={9} horizontalSpacing="md" fz="sm" data-testid="system-nodes">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('nodes.node')}</Table.Th>
            <Table.Th scope="col">{t('nodes.state')}</Table.Th>
            <Table.Th scope="col">{t('nodes.since')}</Table.Th>
            {figures.map((name) => (
              <Table.Th key={name} scope="col">
                {t(`nodes.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {nodes.map((node) => (
            <Table.Tr key={node.name} data-testid="system-node" data-up={node.up}>
              <Table.Td fw={600}>
                <Group gap="xs" wrap="nowrap">
                  <span className={classes.number}>{node.name}</span>
                  {node.self && (
                    <Badge variant="light" color="gray" size="sm" miw="fit-content">
                      {t('nodes.self')}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td>
                <Badge variant="light" color={node.up ? 'teal' : 'red'}>
                  {node.up ? t('nodes.up') : t('nodes.gone', { time: format.time(node.seenAt) })}
                </Badge>
              </Table.Td>
              <Table.Td className={classes.number}>{format.stamp(node.startedAt)}</Table.Td>
              {figures.map((name) => (
                <Table.Td key={name} className={classes.number}>
                  {node.up ? node[name] : '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
