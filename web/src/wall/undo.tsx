import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';

export const undoMs = 10_000;

interface Undo {
  id: string;
  text: string;
  label: string;
  closeLabel: string;
  onUndo: () => void;
}

/** Tells what was done, with the way back while it can be undone. */
export function offerUndo({ id, text, label, closeLabel, onUndo }: Undo): void {
  notifications.show({
    id,
    autoClose: undoMs,
    color: 'teal',
    closeButtonProps: { 'aria-label': closeLabel },
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{text}</Text>
        <Button
          size="xs"
          variant="light"
          data-testid="undo"
          onClick={() => {
            notifications.hide(id);
            onUndo();
          }}
        >
          {label}
        </Button>
      </Group>
    ),
  });
}
