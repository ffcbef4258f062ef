// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Route, Routes } from 'react-router';
import { expect, it } from 'vitest';
import { problem, serve, show } from '../testing';
import RosterUploadPage from './RosterUploadPage';

const page = (
  <Routes>
    <Route path="/rosters/:id/upload" element={<RosterUploadPage />} />
  </Routes>
);
const counts = { rows: 3, new: 2, newPeople: 1, changed: 1, known: 0, absent: 4 };
const good = { sha256: 'a'.repeat(64), ...counts, problems: [], problemsTotal: 0 };
const bad = {
  sha256: 'b'.repeat(64),
  rows: 0,
  new: 0,
  newPeople: 0,
  changed: 0,
  known: 0,
  absent: 0,
  problems: [{ line: 7, column: 'СНИЛС', message: { ru: 'не СНИЛС', en: 'not a SNILS' } }],
  problemsTotal: 1,
};
const file = () => new File(['x'], 'students.csv');

it('shows the problems of a file and offers no import', async () => {
  const calls = serve(({ path }) => (path === '/api/exams' ? { body: { exams: [] } } : { body: bad }));
  await show(page, '/rosters/1/upload');
  await userEvent.upload(screen.getByTestId('roster-file'), file());
  const table = await screen.findByTestId('roster-problems');
  expect(table.textContent).toContain('7');
  expect(table.textContent).toContain('СНИЛС');
  expect(table.textContent).toContain('не СНИЛС');
  expect(screen.queryByTestId('roster-confirm')).toBeNull();
  expect(calls.some(({ path }) => path.includes('sha256'))).toBe(false);
});

it('imports a good file once it is confirmed', async () => {
  const calls = serve(({ path }) => (path === '/api/exams' ? { body: { exams: [] } } : { body: good }));
  await show(page, '/rosters/1/upload');
  await userEvent.upload(screen.getByTestId('roster-file'), file());
  await screen.findByTestId('roster-good');
  expect(screen.getByTestId('roster-count-new').dataset.count).toBe('2');
  expect(calls.some(({ path }) => path.includes('sha256'))).toBe(false);
  await userEvent.click(screen.getByTestId('roster-confirm'));
  await screen.findByTestId('roster-done');
  expect(calls.filter(({ path }) => path === `/api/exams/1/roster?sha256=${good.sha256}`)).toHaveLength(1);
});

it('tells when the import was refused', async () => {
  serve(({ path }) => {
    if (path === '/api/exams') return { body: { exams: [] } };
    return path.includes('sha256') ? problem(409, 'roster_changed', 'Файл изменился') : { body: good };
  });
  await show(page, '/rosters/1/upload');
  await userEvent.upload(screen.getByTestId('roster-file'), file());
  await userEvent.click(await screen.findByTestId('roster-confirm'));
  expect((await screen.findByTestId('problem')).dataset.code).toBe('roster_changed');
  expect(screen.queryByTestId('roster-done')).toBeNull();
});
