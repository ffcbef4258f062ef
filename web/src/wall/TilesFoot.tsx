import { ActionIcon, Pagination, Select, Tooltip } from '@mantine/core';
import { IconPin, IconPinFilled } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { rotationSeconds } from './useRotation';
import type { WallPlaces } from './useWallPlaces';
import classes from './Wall.module.css';

interface TilesFootProps {
  places: WallPlaces;
  every: number;
  pinned: boolean;
  onEvery: (seconds: number) => void;
  onPinned: (pinned: boolean) => void;
}

/** The pages of the wall, and how they turn by themselves. */
export const TilesFoot = memo(function TilesFoot({ places, every, pinned, onEvery, onPinned }: TilesFootProps) {
  const { t } = useTranslation('wall');
  const label = pinned ? t('rotation.release') : t('rotation.hold');
  return (
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
      <Select
        size="xs"
        w={170}
        aria-label={t('rotation.label')}
        value={String(every)}
        onChange={(value) => onEvery(Number(value))}
        data={[
          { value: '0', label: t('rotation.off') },
          ...rotationSeconds.map((seconds) => ({ value: String(seconds), label: t('rotation.every', { count: seconds }) })),
        ]}
        allowDeselect={false}
        data-testid="rotation"
      />
      {every > 0 && (
        <Tooltip label={label}>
          <ActionIcon variant={pinned ? 'filled' : 'default'} aria-label={label} aria-pressed={pinned} onClick={() => onPinned(!pinned)} data-testid="rotation-pin">
            {pinned ? <IconPinFilled size={18} aria-hidden /> : <IconPin size={18} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
});
