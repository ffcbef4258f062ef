// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Route, Routes } from 'react-router';
import { expect, it } from 'vitest';
import { serve, show } from '../testing';
import ReadyPage from './ReadyPage';

const page = (
  <Routes>
    <Route path="/ready/:code" element={<ReadyPage />} />
  </Routes>
);
const session = {
  signedIn: true,
  version: 'x',
  choices: 1,
  organisation: { name: 'У', shortName: 'У' },
  person: { id: '1', displayName: 'Анна', roles: ['student'] },
};
const exam = {
  id: 'e',
  code: 'demo',
  title: 'Экзамен',
  organisation: session.organisation,
  actNumber: '',
  actDate: '',
  startsAt: '2026-12-01T09:00:00Z',
  endsAt: '2026-12-01T12:00:00Z',
  contact: 'Учебная часть',
  recorded: [],
};
const ready = (declined: boolean) => ({
  exam: { ...exam, attemptId: 'a' },
  displayName: 'Анна',
  group: 'МА-21',
  checks: { account: 'missing', consent: 'missing', enrolment: 'unknown', devices: 'failed' },
  devicesAt: '2026-11-20T09:00:00Z',
  minor: true,
  declined,
  ready: false,
});

it('tells each part with what to do, and declines only after a question', async () => {
  let declined = false;
  const calls = serve(({ path, method }) => {
    if (path === '/api/session') return { body: session };
    if (method === 'POST') declined = true;
    return { body: ready(declined) };
  });
  await show(page, '/ready/demo');
  await screen.findByTestId('ready-page');
  const states = ['account', 'roster', 'consent', 'enrolment', 'devices'].map((name) => screen.getByTestId(`ready-${name}`).dataset.state);
  expect(states).toEqual(['missing', 'done', 'missing', 'unknown', 'failed']);
  expect(screen.getByTestId('ready-consent').textContent).toContain('родителей');
  await userEvent.click(screen.getByTestId('ready-decline'));
  expect(calls.filter(({ method }) => method === 'POST')).toEqual([]);
  await userEvent.click(await screen.findByTestId('ready-decline-confirm'));
  await screen.findByTestId('ready-declined');
  expect(calls.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual(['/api/ready/demo/decline']);
  expect(screen.queryByTestId('ready-account')).toBeNull();
});
