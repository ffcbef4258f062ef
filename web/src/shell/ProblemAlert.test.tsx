// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { api } from '../api/client';
import { problem, serve, show } from '../testing';
import { ProblemAlert } from './ProblemAlert';

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('the call did not fail');
}

it('shows the server’s sentence and code, and tries again on request', async () => {
  serve(() => problem(409, 'no_tries_left', 'Попыток не осталось.'));
  const again = vi.fn();
  await show(<ProblemAlert error={await failureOf(() => api.identify('a'))} onRetry={again} />);
  expect(screen.getByRole('alert').textContent).toContain('Попыток не осталось.');
  expect(screen.getByText('Код: no_tries_left')).toBeTruthy();
  await userEvent.click(screen.getByText('Повторить'));
  expect(again).toHaveBeenCalledOnce();
});

it('names a lost network', async () => {
  serve(() => undefined);
  await show(<ProblemAlert error={await failureOf(() => api.session())} />);
  expect(screen.getByRole('alert').dataset.code).toBe('network');
});

it('does not believe an answer that is not ours', async () => {
  serve(() => ({ status: 502, body: { error: 'bad gateway' } }));
  await show(<ProblemAlert error={await failureOf(() => api.session())} />);
  expect(screen.getByRole('alert').dataset.code).toBe('bad_answer');
});

it('has words for any other fault', async () => {
  await show(<ProblemAlert error={new Error('secret detail')} />);
  expect(screen.getByRole('alert').dataset.code).toBe('unknown');
  expect(screen.getByRole('alert').textContent).not.toContain('secret');
});
