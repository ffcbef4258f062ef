import { EmptyState, Table } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RoomLoad } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './System.module.css';

const figures = ['roster', 'joined', 'live', 'sitting', 'waiting', 'done', 'watching'] as const;

/** The exams that go on, in numbers. */
export function RoomLoads({ rooms }: { rooms: RoomLoad[] }) {
  const { t } = useTranslation('system');
  const format = useFormat();
  if (rooms.length === 0) {
    return <EmptyState className={classes.frame} py={48} icon={<IconCalendarOff aria-hidden />} title={t('rooms.none')} description={t('rooms.noneText')} />;
  }
  const several = rooms.some((room) => room.node !== undefined);
  return (
    <div className={classes.frame} role="region" aria-label={t('rooms.title')} tabIndex={0}>
      <Table className={classes.rooms} verticalSpacing={9} horizontalSpacing="md" fz="sm" data-testid="system-rooms">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('rooms.exam')}</Table.Th>
            {several && <Table.Th scope="col">{t('nodes.node')}</Table.Th>}
            <Table.Th scope="col">{t('rooms.until')}</Table.Th>
            {figures.map((name) => (
              <Table.Th key={name} scope="col">
                {t(`rooms.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rooms.map((room) => (
            <Table.Tr key={room.examId}>
              <Table.Td fw={600}>{room.title}</Table.Td>
              {several && <Table.Td className={classes.number}>{room.node ?? '–'}</Table.Td>}
              <Table.Td className={classes.number}>{format.time(room.endsAt)}</Table.Td>
              {figures.map((name) => (
                <Table.Td key={name} className={classes.number}>
                  {room[name]}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
