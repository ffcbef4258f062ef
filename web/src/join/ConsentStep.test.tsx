// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { fakeAttempt } from '../rtc/fakes';
import { problem, serve, show } from '../testing';
import { ConsentStep } from './ConsentStep';

const attempt = fakeAttempt({
  state: 'registered',
  consent: { text: { id: 'text-1', version: 3, title: 'Согласие', body: 'Первый абзац.\n\nВторой абзац.', sha256: 'abc' } },
});

it('shows the whole text with its version and checksum', async () => {
  await show(<ConsentStep attempt={attempt} />);
  const text = screen.getByTestId('consent-text');
  expect([...text.querySelectorAll('p')].slice(0, 2).map((p) => p.textContent)).toEqual(['Первый абзац.', 'Второй абзац.']);
  expect(text.textContent).toContain('abc');
  expect(screen.getByText('Версия 3')).toBeTruthy();
});

it('grants nothing before the box is ticked, and then exactly the shown text', async () => {
  const calls = serve(() => ({ body: { ...attempt, state: 'ready' } }));
  await show(<ConsentStep attempt={attempt} />);
  await userEvent.click(screen.getByTestId('consent-grant'));
  expect(calls).toEqual([]);
  expect(screen.getByText('Чтобы продолжить, отметьте согласие.')).toBeTruthy();
  await userEvent.click(screen.getByTestId('consent-check'));
  await userEvent.click(screen.getByTestId('consent-grant'));
  expect(calls).toEqual([
    { method: 'POST', path: '/api/attempts/attempt/consent', body: { textId: 'text-1', sha256: 'abc' } },
  ]);
});

it('shows the server’s refusal in words with its code', async () => {
  serve(() => problem(409, 'consent_outdated', 'Текст согласия изменился.'));
  await show(<ConsentStep attempt={attempt} />);
  await userEvent.click(screen.getByTestId('consent-check'));
  await userEvent.click(screen.getByTestId('consent-grant'));
  const shown = await screen.findByTestId('problem');
  expect(shown.textContent).toContain('Текст согласия изменился.');
  expect(shown.textContent).toContain('consent_outdated');
});

it('chooses another form only after it was explained', async () => {
  const calls = serve(() => ({ body: { ...attempt, state: 'declined' } }));
  await show(<ConsentStep attempt={attempt} />);
  await userEvent.click(screen.getByTestId('decline'));
  expect(screen.getByText(/не считается нарушением/)).toBeTruthy();
  expect(calls).toEqual([]);
  await userEvent.click(screen.getByTestId('decline-confirm'));
  expect(calls.map(({ path }) => path)).toEqual(['/api/attempts/attempt/decline']);
});
