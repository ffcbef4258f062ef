import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/problem';
import { useFormat } from '../i18n/useFormat';

export interface ProblemText {
  text: string;
  code: string;
}

/** What to show of a failure: the server's sentence in the language of the page and its code. */
export function useProblemText(): (error: unknown) => ProblemText {
  const { t } = useTranslation();
  const { pick } = useFormat();
  return (error) => {
    if (error instanceof ApiError && error.problem !== undefined) {
      return { text: pick(error.problem.message), code: error.code };
    }
    const code = error instanceof ApiError ? error.code : 'unknown';
    if (code === 'network') return { text: t('error.network'), code };
    if (code === 'bad_answer') return { text: t('error.bad_answer'), code };
    return { text: t('error.unknown'), code };
  };
}
