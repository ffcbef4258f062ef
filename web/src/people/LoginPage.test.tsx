// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Route, Routes } from 'react-router';
import { expect, it } from 'vitest';
import { problem, serve, show } from '../testing';
import LoginPage from './LoginPage';

const page = (
  <Routes>
    <Route path="/login" element={<LoginPage />} />
    <Route path="/e/demo" element={<p>the exam</p>} />
  </Routes>
);

async function fill(password: string) {
  await userEvent.type(screen.getByTestId('login-name'), 'smirnova.as');
  await userEvent.type(screen.getByTestId('login-password'), password);
  await userEvent.click(screen.getByTestId('login-submit'));
}

it('asks for a password of one’s own when the issued one is right, and sends it once both agree', async () => {
  const calls = serve(({ body }) =>
    (body as { newPassword?: string }).newPassword === undefined
      ? problem(409, 'password_change_needed', 'Придумайте свой')
      : { body: { signedIn: true, version: 'x', organisation: { name: '', shortName: '' }, choices: 1 } },
  );
  await show(page, '/login?return=%2Fe%2Fdemo');
  await fill('abcd-efgh-jkmn-pqrs');
  await userEvent.type(await screen.findByTestId('new-password'), 'шесть синих котов');
  await userEvent.type(screen.getByTestId('new-password-again'), 'шесть синих кото');
  expect(screen.getByTestId<HTMLButtonElement>('login-submit').disabled).toBe(true);
  await userEvent.type(screen.getByTestId('new-password-again'), 'в');
  await userEvent.click(screen.getByTestId('login-submit'));
  await screen.findByText('the exam');
  expect(calls.map(({ path }) => path)).toEqual(['/api/session/login', '/api/session/login']);
  expect(calls[1]?.body).toEqual({ login: 'smirnova.as', password: 'abcd-efgh-jkmn-pqrs', newPassword: 'шесть синих котов' });
});

it('says when to try a locked login again', async () => {
  serve(() => {
    const locked = problem(429, 'login_locked', 'Вход закрыт');
    return { status: locked.status, body: { ...locked.body, retryAfter: 42 } };
  });
  await show(page, '/login');
  await fill('wrong');
  const shown = await screen.findByTestId('problem');
  expect(shown.dataset.code).toBe('login_locked');
  expect(shown.textContent).toContain('42');
});
