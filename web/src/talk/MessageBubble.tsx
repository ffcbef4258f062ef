import { useTranslation } from 'react-i18next';
import type { TalkMessage } from '../api/types';
import { useFormat } from '../i18n/useFormat';
import classes from './Talk.module.css';

/** One message: who, when, what. */
export function MessageBubble({ message, own }: { message: TalkMessage; own: boolean }) {
  const { t } = useTranslation('talk');
  const { time } = useFormat();
  return (
    <div className={classes.bubble} data-own={own} data-all={message.toAll} data-testid="message">
      <span className={classes.meta}>
        {message.toAll ? `${t('toAll')} · ${message.sender}` : own ? t('you') : message.sender} · {time(message.at)}
      </span>
      {message.text === '' ? t('erased') : message.text}
    </div>
  );
}
