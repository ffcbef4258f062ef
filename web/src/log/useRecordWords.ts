import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { attemptStates, outcomes } from '../api/types';
import { recordTypes } from './filter';

/** Outcomes of the records that are no identifications. */
const decisions = [
  'granted',
  'declined',
  'admitted',
  'finished',
  'terminated',
  'exported',
  'filed',
  'added',
  'linked',
  'refused',
  'signed_in',
  'role_changed',
  'withdrawn',
  'confirmed',
  'erased',
  'reminded',
  'stands',
  'placed',
  'lifted',
  'changed',
  'rejected',
  'viewed',
  'played',
  'downloaded',
  'role_given',
  'role_taken',
  'login_issued',
  'group_mapped',
  'group_unmapped',
  'organisation_created',
  'warning',
  'warning_withdrawn',
  'extra_time',
  'flag_confirmed',
  'flag_dismissed',
  'flag_reopened',
  'accommodation',
] as const;

export interface RecordWords {
  type: (type: string) => string;
  outcome: (outcome: string) => string;
  color: (outcome: string) => string;
}

/** The log's codes in words; an unknown code stays as it is, since the log may be older or newer than the page. */
export function useRecordWords(): RecordWords {
  const { t } = useTranslation(['log', 'common']);
  return useMemo(
    () => ({
      type: (given) => {
        const type = recordTypes.find((known) => known === given);
        return type === undefined ? given : t(`type.${type}`);
      },
      outcome: (given) => {
        const outcome = outcomes.find((known) => known === given);
        if (outcome !== undefined) return t(`common:outcome.${outcome}`);
        const decision = decisions.find((known) => known === given);
        if (decision !== undefined) return t(`outcome.${decision}`);
        const state = attemptStates.find((known) => known === given);
        return state === undefined ? given : t(`common:state.${state}`);
      },
      color: (given) => {
        if (given === 'match') return 'teal';
        return outcomes.some((known) => known === given) ? 'red' : 'gray';
      },
    }),
    [t],
  );
}
