import { Button, FileButton, Stack, Text } from '@mantine/core';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Exam.module.css';

interface FileDropProps {
  /** A file was chosen already: the place for another one is smaller. */
  compact: boolean;
  busy: boolean;
  onFile: (file: File) => void;
}

/** A place to drop a file on, with a button for everybody else. */
export function FileDrop({ compact, busy, onFile }: FileDropProps) {
  const { t } = useTranslation('exam');
  const [over, setOver] = useState(false);
  const drag = (event: DragEvent) => {
    event.preventDefault();
    setOver(!busy);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file !== undefined && !busy) onFile(file);
  };
  return (
    <div
      className={classes.drop}
      data-over={over}
      data-compact={compact}
      onDragEnter={drag}
      onDragOver={drag}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      data-testid="roster-drop"
    >
      <Stack gap="xs" align="center">
        {!compact && <IconFileSpreadsheet size={44} stroke={1.4} aria-hidden />}
        <Text fw={600} size="lg">
          {over ? t('upload.release') : t('upload.drop')}
        </Text>
        {!compact && (
          <Text size="sm" c="dimmed">
            {t('upload.or')}
          </Text>
        )}
        <FileButton
          accept=".csv,.txt,.tsv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
          inputProps={{ 'data-testid': 'roster-file', 'aria-label': t('upload.choose') } as object}
          onChange={(file) => file !== null && onFile(file)}
        >
          {(props) => (
            <Button {...props} variant={compact ? 'default' : 'filled'} disabled={busy}>
              {compact ? t('upload.other') : t('upload.choose')}
            </Button>
          )}
        </FileButton>
        <Text size="sm" c="dimmed">
          {t('upload.formats')}
        </Text>
      </Stack>
    </div>
  );
}
