import { Text } from '@mantine/core';
import { memo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session';
import type { RoomAttempt } from '../api/types';
import type { IdentificationPhase } from '../rtc/wire';
import { passes, type Filter } from './attention';
import { AttentionRow } from './AttentionRow';
import { ListTools } from './ListTools';
import { useHeldOrder } from './useHeldOrder';
import classes from './Wall.module.css';

interface AttentionListProps {
  /** By attention. */
  attempts: RoomAttempt[];
  identifications: ReadonlyMap<string, IdentificationPhase>;
  selected: string | undefined;
  onSelect: (attemptId: string) => void;
}

/** Up and down go from student to student, as in any list. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const rows = [...event.currentTarget.querySelectorAll('button')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Everybody of the exam, who needs the proctor first. The order holds still under the cursor. */
export const AttentionList = memo(function AttentionList({ attempts, identifications, selected, onSelect }: AttentionListProps) {
  const { t } = useTranslation('wall');
  const me = useSession().data?.person?.id;
  const [filter, setFilter] = useState<Filter>('all');
  const [typed, setTyped] = useState('');
  const [held, setHeld] = useState(false);
  const wanted = attempts.map((entry) => entry.attempt.id);
  const order = useHeldOrder(wanted, held);
  const byId = new Map(attempts.map((entry) => [entry.attempt.id, entry]));
  const needle = typed.trim().toLocaleLowerCase('ru');
  const shown = order
    .map((id) => byId.get(id))
    .filter((entry) => entry !== undefined)
    .filter(
      (entry) =>
        passes(entry, filter, me) && entry.attempt.student.displayName.toLocaleLowerCase('ru').includes(needle),
    );
  const mine = attempts.some((entry) => entry.attempt.charge?.id === me);
  return (
    <>
      <ListTools typed={typed} onTyped={setTyped} filter={filter} onFilter={setFilter} mine={mine} />
      <div
        className={classes.scroll}
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onKeyDown={moveFocus}
        data-testid="attention-list"
      >
        {shown.map((entry) => (
          <AttentionRow
            key={entry.attempt.id}
            entry={entry}
            phase={identifications.get(entry.attempt.id)}
            selected={entry.attempt.id === selected}
            onSelect={onSelect}
          />
        ))}
        {shown.length === 0 && (
          <Text size="sm" c="dimmed" p="md">
            {attempts.length === 0 ? t('empty.roster') : t('empty.filter')}
          </Text>
        )}
      </div>
    </>
  );
});
