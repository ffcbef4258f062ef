// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { serve, show } from '../testing';
import RequestPage from './RequestPage';

const arrival = {
  problem: 'person_unknown',
  return: '/',
  name: 'Королёва Мария Антоновна',
  organisations: [
    { id: 'o-1', name: 'Университет', linked: true },
    { id: 'o-2', name: 'Колледж', linked: false },
  ],
};
const receipt = { number: '000017', organisation: 'Колледж', filedAt: '2026-11-21T10:00:00Z', forms: 1 };

function type(field: string, value: string) {
  fireEvent.change(screen.getByTestId(field), { target: { value } });
}

it('sends the form once it is whole, to where she is not known yet, and shows the number', async () => {
  const calls = serve(({ method }) => ({ body: method === 'GET' ? arrival : receipt }));
  await show(<RequestPage />, '/request');
  expect((await screen.findByTestId<HTMLInputElement>('request-name')).value).toBe(arrival.name);
  fireEvent.click(screen.getByTestId('request-send'));
  type('request-email', 'maria@');
  fireEvent.click(screen.getByTestId('request-send'));
  expect(calls.filter((call) => call.method === 'POST')).toEqual([]);
  type('request-email', ' maria@demo.example ');
  type('request-group', 'МА-21');
  fireEvent.click(screen.getByTestId('request-send'));
  expect((await screen.findByTestId('request-filed')).dataset.number).toBe('000017');
  expect(calls.filter((call) => call.method === 'POST').map((call) => call.body)).toEqual([
    { name: arrival.name, faculty: '', group: 'МА-21', message: '', email: 'maria@demo.example', organisationId: 'o-2', kind: 'link', language: 'ru' },
  ]);
});

it('asks for words where the organisation is in no list', async () => {
  const calls = serve(({ method }) => ({ body: method === 'GET' ? { ...arrival, organisations: [arrival.organisations[0]] } : receipt }));
  await show(<RequestPage />, '/request?kind=organisation');
  await screen.findByTestId('request-email');
  type('request-email', 'maria@demo.example');
  fireEvent.click(screen.getByTestId('request-send'));
  type('request-message', 'Институт повышения квалификации');
  fireEvent.click(screen.getByTestId('request-send'));
  await waitFor(() => expect(calls.filter((call) => call.method === 'POST')).toHaveLength(1));
  expect(calls.find((call) => call.method === 'POST')?.body).toMatchObject({ kind: 'organisation', organisationId: 'o-1' });
});

it('sends somebody whom Gosuslugi have not named to sign in first', async () => {
  serve(() => ({ body: { problem: '', return: '/' } }));
  await show(<RequestPage />, '/request');
  await screen.findByTestId('request-needs-sign-in');
  expect(new URL(screen.getByTestId<HTMLAnchorElement>('sign-in').href).searchParams.get('return')).toBe('/request');
});
