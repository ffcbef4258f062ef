import { Box, SegmentedControl } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Wall.module.css';

export type Pane = 'list' | 'tiles' | 'large';

interface PaneTabsProps {
  pane: Pane;
  onPane: (pane: Pane) => void;
}

/** Which pane is shown where there is room for one. */
export const PaneTabs = memo(function PaneTabs({ pane, onPane }: PaneTabsProps) {
  const { t } = useTranslation('wall');
  return (
    <Box className={classes.paneTabs}>
      <SegmentedControl
        fullWidth
        value={pane}
        onChange={onPane}
        aria-label={t('panes.label')}
        data={[
          { value: 'list', label: t('panes.list') },
          { value: 'tiles', label: t('panes.tiles') },
          { value: 'large', label: t('panes.large') },
        ]}
      />
    </Box>
  );
});
