// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { show } from '../testing';
import SignInPage from './SignInPage';

const target = () => new URL(screen.getByTestId<HTMLAnchorElement>('sign-in').href);

it.each(['esia_denied', 'esia_unavailable', 'esia_rejected', 'state_invalid', 'account_not_confirmed', 'person_unknown'])(
  'explains %s and offers to sign in again',
  async (code) => {
    await show(<SignInPage />, `/sign-in?problem=${code}`);
    const shown = screen.getByTestId('sign-in-problem');
    expect(shown.dataset.code).toBe(code);
    expect(shown.textContent).toContain(code);
    expect(target().pathname).toBe('/auth/esia/start');
  },
);

it('shows no problem that it does not know', async () => {
  await show(<SignInPage />, '/sign-in?problem=%3Cscript%3E');
  expect(screen.queryByTestId('sign-in-problem')).toBeNull();
});

it.each([
  ['/e/CODE', '/e/CODE'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
])('comes back to %s as %s', async (given, back) => {
  await show(<SignInPage />, `/sign-in?return=${encodeURIComponent(given)}`);
  expect(target().searchParams.get('return')).toBe(back);
});
