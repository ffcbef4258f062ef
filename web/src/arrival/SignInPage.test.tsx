// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { serve, show } from '../testing';
import { signInProblems } from './problemOf';
import SignInPage from './SignInPage';

const target = () => new URL(screen.getByTestId<HTMLAnchorElement>('sign-in').href);

it.each(signInProblems)('explains %s and offers to sign in again, though the server tells no more', async (code) => {
  serve(() => undefined);
  await show(<SignInPage />, `/sign-in?problem=${code}`);
  const shown = await screen.findByTestId('sign-in-problem');
  expect(shown.dataset.code).toBe(code);
  expect(shown.textContent).toContain(code);
  expect(target().pathname).toBe('/auth/esia/start');
});

it('shows the sentence and the code of an error of Gosuslugi', async () => {
  const message = { ru: 'Администратору: синхронизируйте часы.', en: 'Administrator: set the clock.' };
  serve(() => ({ body: { problem: 'esia_rejected', code: 'ESIA-007015', message, return: '/e/demo' } }));
  await show(<SignInPage />, '/sign-in?problem=esia_rejected');
  const shown = await screen.findByTestId('sign-in-problem');
  expect(shown.textContent).toContain(message.ru);
  expect(shown.textContent).toContain('ESIA-007015');
});

it('does not show how another sign-in ended', async () => {
  serve(() => ({ body: { problem: 'esia_denied', code: 'ESIA-007004', message: { ru: 'Отказ.', en: 'Denied.' }, return: '/' } }));
  await show(<SignInPage />, '/sign-in?problem=person_unknown');
  expect((await screen.findByTestId('sign-in-problem')).textContent).not.toContain('ESIA-007004');
});

it.each(['simplified', 'standard', 'child', 'closed'])('says of a %s account what is to be done', async (level) => {
  serve(() => ({ body: { problem: 'account_not_confirmed', level, return: '/' } }));
  await show(<SignInPage />, '/sign-in?problem=account_not_confirmed&return=%2Fe%2Fdemo');
  expect((await screen.findByTestId('not-confirmed')).dataset.level).toBe(level);
  expect(target().searchParams.get('return')).toBe('/e/demo');
});

it('leads somebody unknown to the organisation, and tells of a request that waits', async () => {
  const requests = [{ number: '000017', organisation: 'У', filedAt: '2026-11-21T10:00:00Z', forms: 1 }];
  serve(() => ({ body: { problem: 'person_unknown', return: '/', name: 'Орлов Демьян', organisations: [], requests } }));
  await show(<SignInPage />, '/sign-in?problem=person_unknown');
  expect((await screen.findByTestId<HTMLAnchorElement>('contact-organisation')).pathname).toBe('/request');
  expect(screen.getByTestId('request-waiting').dataset.number).toBe('000017');
});

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
