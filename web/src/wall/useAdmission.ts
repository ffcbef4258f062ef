import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client';
import type { Attempt } from '../api/types';
import type { Viewer } from '../rtc/viewer';
import { offerUndo } from './undo';

/** Admits one student who is identified; for ten seconds it can be undone. */
export function useAdmission(attempt: Attempt, viewer: Viewer) {
  const { t } = useTranslation(['wall', 'common']);
  const undo = useMutation({
    mutationFn: () => api.undoAdmission(attempt.id),
    onSuccess: (changed) => viewer.applyAttempt(changed),
  });
  const admit = useMutation({
    mutationFn: () => api.admit(attempt.id),
    onSuccess: (changed) => {
      viewer.applyAttempt(changed);
      offerUndo({
        id: `admitted-${attempt.id}`,
        text: t('gate.admitted', { name: attempt.student.displayName }),
        label: t('undo'),
        closeLabel: t('common:close'),
        onUndo: () => undo.mutate(),
      });
    },
  });
  return { admit, undo };
}
