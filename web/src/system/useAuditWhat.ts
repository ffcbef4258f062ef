import { useTranslation } from 'react-i18next';
import { roles, type AuditEntry } from '../api/types';

const acts = ['role_given', 'role_taken', 'login_issued', 'group_mapped', 'group_unmapped', 'organisation_created', 'organisation', 'exam', 'retention', 'appeals', 'recording', 'live', 'timeline', 'identifications', 'readiness', 'log.page', 'log.csv', 'log.export', 'consents.page', 'consents.csv'] as const;

/** What an act was about, in words; what this version does not know is shown as its code. */
export function useAuditWhat(): (entry: AuditEntry) => string {
  const { t } = useTranslation(['system', 'common']);
  return ({ what, class: setting, before, after }) => {
    const act = acts.find((known) => known === what);
    const role = roles.find((known) => known === setting);
    const parts = [act === undefined ? what : t(`system:audit.what.${act.replace('.', '_') as 'log_page'}`), role === undefined ? setting : t(`common:role.${role}`)];
    const changed = after === '' ? '' : before === '' ? after : `${before} → ${after}`;
    return [parts.filter((part) => part !== '').join(': '), changed].filter((part) => part !== '').join(' = ');
  };
}
