// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import type { TalkMessage } from '../api/types';
import { fakeAttempt } from '../rtc/fakes';
import { serve, show } from '../testing';
import { HelpDock } from './HelpDock';
import { WarningList } from './WarningList';

const message: TalkMessage = {
  id: 'm', number: 7, toAll: false, fromStudent: false, sender: 'Орлов Пётр', at: '2026-11-21T10:00:00Z', text: 'Всё в порядке?',
};

it('calls the proctor with a reason, and says whether she was heard', async () => {
  const attempt = fakeAttempt({ state: 'in_progress' });
  const calls = serve(({ path }) => (path.endsWith('/call') ? { body: { ...attempt, call: { reason: 'health', at: attempt.serverTime } } } : undefined));
  const user = userEvent.setup();
  await show(<HelpDock attempt={attempt} />);
  await user.click(screen.getByTestId('call-proctor'));
  await user.click(await screen.findByTestId('call-health'));
  await user.type(screen.getByTestId('call-words'), ' Кружится голова ');
  await user.click(screen.getByTestId('call-proctor-confirm'));
  expect(calls).toEqual([{ method: 'POST', path: '/api/attempts/attempt/call', body: { reason: 'health', text: 'Кружится голова' } }]);
});

it('shows a new message where she looks, and says that it was read once the chat is open', async () => {
  const attempt = fakeAttempt({ state: 'in_progress', talk: { last: 7, unreadByStudent: 1, unreadByStaff: 0 } });
  const calls = serve(({ method, path }) =>
    method === 'GET' ? { body: { messages: [message] } } : { body: path.endsWith('/seen') ? attempt : { messages: [message] } },
  );
  const user = userEvent.setup();
  await show(<HelpDock attempt={attempt} />);
  expect(await screen.findByText('Всё в порядке?')).toBeTruthy();
  expect(calls.map((call) => call.method)).toEqual(['GET']);
  await user.click(screen.getByTestId('answer-message'));
  const log = await screen.findByTestId('messages');
  expect(within(log).getByText('Всё в порядке?')).toBeTruthy();
  expect(calls.at(-1)).toEqual({ method: 'POST', path: '/api/attempts/attempt/messages/seen', body: { number: 7 } });
  await user.type(screen.getByTestId('message-field'), 'Да{Enter}');
  expect(calls.at(-1)).toEqual({ method: 'POST', path: '/api/attempts/attempt/messages', body: { text: 'Да' } });
});

it('is not there when nobody can help any more', async () => {
  await show(<HelpDock attempt={fakeAttempt({ state: 'finished' })} />);
  expect(screen.queryByTestId('help-dock')).toBeNull();
});

it('shows the warnings, those taken back too', async () => {
  const at = '2026-11-21T10:00:00Z';
  await show(
    <WarningList attempt={fakeAttempt({ warnings: [{ id: '1', reason: 'noise', at, by: 'О' }, { id: '2', reason: 'other', text: 'Телефон', at, by: 'О', withdrawnAt: at }] })} />,
  );
  expect(screen.getAllByTestId('own-warning').map((one) => one.dataset.withdrawn)).toEqual(['false', 'true']);
});
