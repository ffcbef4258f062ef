import { expect, it, vi } from 'vitest';
import { Levels, loudness } from './levels';

it('turns decibels into a meter', () => {
  expect([loudness(127), loudness(60), loudness(30), loudness(0)]).toEqual([0, 0, 0.5, 1]);
});

it('tells each meter of its own student alone, and whoever comes later how it is', () => {
  const levels = new Levels();
  const one = vi.fn();
  const stop = levels.listen('a', one);
  levels.tell({ a: 30, b: 0 });
  const late = vi.fn();
  levels.listen('b', late);
  stop();
  levels.tell({ a: 0 });
  expect(one.mock.calls).toEqual([[0], [0.5]]);
  expect(late.mock.calls).toEqual([[1]]);
});
