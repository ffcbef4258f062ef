import { EmptyState, Pagination } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import type { IdentificationPhase } from '../rtc/wire';
import { Tile } from './Tile';
import type { WallPlaces } from './useWallPlaces';
import classes from './Wall.module.css';

interface LiveTilesProps {
  attempts: RoomAttempt[];
  places: WallPlaces;
  streams: ReadonlyMap<string, MediaStream>;
  identifications: ReadonlyMap<string, IdentificationPhase>;
  selected: string | undefined;
  onSelect: (attemptId: string) => void;
}

/** A page of live students; the other pages are not subscribed and cost nothing. */
export function LiveTiles({ attempts, places, streams, identifications, selected, onSelect }: LiveTilesProps) {
  const { t } = useTranslation('wall');
  const byId = new Map(attempts.map((entry) => [entry.attempt.id, entry]));
  const shown = places.shown.map((id) => byId.get(id)).filter((entry) => entry !== undefined);
  if (shown.length === 0) {
    return (
      <EmptyState
        py={80}
        icon={<IconVideoOff aria-hidden />}
        title={t('empty.tilesTitle')}
        description={t('empty.tilesText')}
      />
    );
  }
  return (
    <>
      <div className={classes.tiles} data-few={shown.length <= 4}>
        {shown.map((entry) => (
          <Tile
            key={entry.attempt.id}
            entry={entry}
            phase={identifications.get(entry.attempt.id)}
            stream={streams.get(entry.attempt.id)}
            selected={entry.attempt.id === selected}
            onSelect={onSelect}
          />
        ))}
      </div>
      {places.pages > 1 && (
        <div className={classes.tilesFoot}>
          <Pagination
            size="sm"
            total={places.pages}
            value={places.page}
            onChange={places.setPage}
            getControlProps={(control) => ({
              'aria-label': control === 'previous' ? t('pages.previous') : t('pages.next'),
            })}
            getItemProps={(page) => ({ 'aria-label': t('pages.page', { page }) })}
          />
        </div>
      )}
    </>
  );
}
