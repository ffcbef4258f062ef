import { expect, it } from 'vitest';
import { clock } from './clock';

it.each([
  [0, '0:00'],
  [-5, '0:00'],
  [59_999, '0:59'],
  [605_000, '10:05'],
  [3_600_000, '1:00:00'],
  [6_396_000, '1:46:36'],
])('%i ms is %s', (ms, text) => {
  expect(clock(ms)).toBe(text);
});
