import { Button, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { NoteList } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import { ProblemAlert } from '../shell/ProblemAlert';
import classes from './Wall.module.css';

/** What staff wrote down for themselves; the student never sees it. */
export function StudentNotes({ attemptId }: { attemptId: string }) {
  const { t } = useTranslation('wall');
  const { stamp } = useFormat();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const key = ['notes', attemptId];
  const notes = useQuery({ queryKey: key, queryFn: ({ signal }) => api.notes(attemptId, signal), refetchInterval: 30_000 });
  const add = useMutation({
    mutationFn: () => api.addNote(attemptId, text.trim()),
    onSuccess: (list) => {
      client.setQueryData<NoteList>(key, list);
      setText('');
    },
  });
  return (
    <Stack gap="sm" data-testid="student-notes">
      <Text size="xs" c="dimmed">
        {t('notes.private')}
      </Text>
      {notes.isError && <ProblemAlert error={notes.error} onRetry={() => void notes.refetch()} />}
      {notes.data?.notes.map((note) => (
        <div key={note.id} className={classes.note} data-testid="note">
          <Text size="sm">{note.text}</Text>
          <Text size="xs" c="dimmed">
            {note.author}, {stamp(note.at)}
          </Text>
        </div>
      ))}
      {add.isError && <ProblemAlert error={add.error} />}
      <Textarea
        aria-label={t('notes.field')}
        placeholder={t('notes.field')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={1000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="note-field"
      />
      <Button size="sm" variant="default" disabled={text.trim() === ''} loading={add.isPending} onClick={() => add.mutate()} data-testid="add-note">
        {t('notes.add')}
      </Button>
    </Stack>
  );
}
