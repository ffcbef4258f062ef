import { List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { canShareScreen } from '../media/screen';

/** What is needed where the screen is recorded, and a warning in good time on a device that cannot share it. */
export function ScreenNeed() {
  const { t } = useTranslation('screen');
  return (
    <List.Item>
      {t('card.need')}
      {!canShareScreen() && (
        <Text size="sm" c="orange.9" data-testid="card-screen-unable">
          {t('card.unable')}
        </Text>
      )}
    </List.Item>
  );
}
