import { useTranslation } from 'react-i18next';

const reasons = [
  'rules',
  'stranger',
  'request',
  'technical',
  'exam_ended',
  'handed_in',
  'ended_by_proctor',
  'try_granted',
  'appeal_granted',
  'other_form',
  'consent_withdrawn',
  'identification_failed',
  'identity_failed',
  'identity_settled',
  'manual',
  'manual_refused',
  'verifier_unavailable',
  'not_enrolled',
  'no_sample',
  'paused_by_proctor',
  'resumed_by_proctor',
  'no_violation',
  'violation',
  'admission_refused',
  'admission_undone',
  'break',
  'break_over',
  'review_reopened',
] as const;

/** The code of a decision's reason in words; an unknown one stays as it is. */
export function useReasonText(): (code: string) => string {
  const { t } = useTranslation('myfile');
  return (code) => {
    const known = reasons.find((reason) => reason === code);
    return known === undefined ? code : t(`reason.${known}`);
  };
}
