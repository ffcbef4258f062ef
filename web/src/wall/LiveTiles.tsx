import { EmptyState } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoomAttempt } from '../api/types';
import type { Levels } from '../rtc/levels';
import type { IdentificationPhase } from '../rtc/wire';
import { Tile } from './Tile';
import { TilesFoot } from './TilesFoot';
import { useKeys } from './useKeys';
import { useRotation } from './useRotation';
import type { WallPlaces } from './useWallPlaces';
import classes from './Wall.module.css';

interface LiveTilesProps {
  attempts: RoomAttempt[];
  places: WallPlaces;
  streams: ReadonlyMap<string, MediaStream>;
  levels: Levels;
  identifications: ReadonlyMap<string, IdentificationPhase>;
  selected: string | undefined;
  onSelect: (attemptId: string) => void;
}

/** A page of live students; the other pages are not subscribed and cost nothing. */
export const LiveTiles = memo(function LiveTiles({ attempts, places, streams, levels, identifications, selected, onSelect }: LiveTilesProps) {
  const { t } = useTranslation('wall');
  const [hover, setHover] = useState(false);
  const [focus, setFocus] = useState(false);
  const step = (by: number) => places.setPage(((places.page - 1 + by + places.pages) % places.pages) + 1);
  const rotation = useRotation(places.pages, hover || focus, () => step(1));
  useKeys({
    BracketLeft: () => step(-1),
    BracketRight: () => step(1),
    L: () => rotation.setPinned(!rotation.pinned),
    ...Object.fromEntries(places.shown.map((id, index) => [`Digit${index + 1}`, () => onSelect(id)])),
  });
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
      <div
        className={classes.tiles}
        data-few={shown.length <= 4}
        data-page={places.page}
        onPointerEnter={() => setHover(true)}
        onPointerLeave={() => setHover(false)}
        onFocus={() => setFocus(true)}
        onBlur={() => setFocus(false)}
        data-testid="tiles"
      >
        {shown.map((entry) => (
          <Tile
            key={entry.attempt.id}
            entry={entry}
            phase={identifications.get(entry.attempt.id)}
            stream={streams.get(entry.attempt.id)}
            levels={levels}
            selected={entry.attempt.id === selected}
            onSelect={onSelect}
          />
        ))}
      </div>
      {places.pages > 1 && (
        <TilesFoot
          places={places}
          every={rotation.every}
          pinned={rotation.pinned}
          onEvery={rotation.setEvery}
          onPinned={rotation.setPinned}
        />
      )}
    </>
  );
});
