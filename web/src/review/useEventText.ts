import { useTranslation } from 'react-i18next';
import { useDoubtText } from '../i18n/useDoubtText';
import { attemptStates, behaviours, callReasons, outcomes, warningReasons, type TimelineEvent } from '../api/types';
import { clock } from '../i18n/clock';

/** An event in words; a kind that this version does not know is shown as its code. */
export function useEventText(): (event: TimelineEvent) => string {
  const { t, i18n } = useTranslation(['review', 'common', 'talk']);
  const doubt = useDoubtText();
  return ({ kind, detail, at, until }) => {
    const behaviour = behaviours.find((known) => known === kind);
    if (behaviour !== undefined) {
      const what = t(`event.behaviour.${behaviour}`);
      if (until === undefined) return what;
      const length = clock(Date.parse(until) - Date.parse(at));
      return typeof detail.times === 'number'
        ? t('event.repeated', { what, length, times: detail.times })
        : t('event.lasted', { what, length });
    }
    switch (kind) {
      case 'state': {
        const to = attemptStates.find((state) => state === detail.to);
        return to === undefined ? kind : t('event.state', { state: t(`common:state.${to}`) });
      }
      case 'identification': {
        const outcome = outcomes.find((known) => known === detail.outcome);
        return outcome === undefined ? kind : t('event.identification', { outcome: t(`common:outcome.${outcome}`) });
      }
      case 'liveness':
        return t('event.liveness', { what: doubt(detail.flag) });
      case 'identification_again': {
        const outcome = outcomes.find((known) => known === detail.outcome);
        return outcome === undefined ? kind : t('event.identification_again', { outcome: t(`common:outcome.${outcome}`) });
      }
      case 'identity_alarm':
        return t('event.identity_alarm');
      case 'manual_identification':
        return detail.outcome === 'confirmed' ? t('event.manualConfirmed') : t('event.manualRefused');
      case 'connected':
        return t('event.connected');
      case 'connection_lost':
        return t('event.connection_lost');
      case 'disconnected':
        return t('event.disconnected');
      case 'taken_over':
        return t('event.taken_over');
      case 'phone_joined':
        return t('event.phone_joined');
      case 'phone_connected':
        return t('event.phone_connected');
      case 'phone_connection_lost':
        return t('event.phone_connection_lost');
      case 'phone_disconnected':
        return t('event.phone_disconnected');
      case 'phone_taken_over':
        return t('event.phone_taken_over');
      case 'token_issued':
        return detail.use === 'watch' ? t('event.token_watch') : t('event.token_publish');
      case 'network': {
        const way = (['direct', 'tcp', 'relay'] as const).find((known) => known === detail.way) ?? 'unknown';
        const up = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(Number(detail.upKbps) / 1000);
        return t('event.network', { up, loss: Number(detail.lossPercent), delay: Number(detail.roundTripMs), way: t(`event.networkWay.${way}`) });
      }
      case 'tab_hidden':
        return t('event.tab_hidden', { count: Number(detail.seconds) });
      case 'focus_lost':
        return t('event.focus_lost', { count: Number(detail.seconds) });
      case 'full_screen_left':
        return t('event.full_screen_left', { count: Number(detail.seconds) });
      case 'message':
        return detail.fromStudent === true ? t('event.messageStudent') : t('event.messageStaff');
      case 'announcement':
        return t('event.announcement');
      case 'voice_talk':
        return t('event.voice_talk');
      case 'voice_announcement':
        return t('event.voice_announcement');
      case 'help_call': {
        const reason = callReasons.find((code) => code === detail.reason) ?? 'other';
        return t('event.help_call', { reason: t(`talk:call.${reason}`) });
      }
      case 'help_taken':
        return t('event.help_taken');
      case 'warning':
      case 'warning_withdrawn': {
        const reason = warningReasons.find((code) => code === detail.reason) ?? 'other';
        const what = t(`talk:warning.${reason}`);
        return kind === 'warning' ? t('event.warning', { what }) : t('event.warning_withdrawn', { what });
      }
      case 'remark':
        return t('event.remark');
      case 'handed_over':
        return t('event.handed_over');
      case 'extra_time': {
        const count = Number(detail.minutes);
        return count > 0 ? t('event.extra_time', { count }) : t('event.extra_back', { count: -count });
      }
      case 'note':
        return typeof detail.text === 'string' ? t('event.note', { text: detail.text }) : t('event.noteEmpty');
      default:
        return kind;
    }
  };
}
