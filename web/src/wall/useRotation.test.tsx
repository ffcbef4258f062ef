// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import '../testing';
import { useRotation } from './useRotation';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (ms: number) =>
  act(() => {
    vi.advanceTimersByTime(ms);
  });

it('turns every so many seconds, and holds while pinned, hovered or with a single page', () => {
  const turn = vi.fn();
  const { result, rerender } = renderHook(({ pages, held }) => useRotation(pages, held, turn), { initialProps: { pages: 3, held: false } });
  pass(120_000);
  expect(turn).toHaveBeenCalledTimes(0);
  act(() => {
    result.current.setEvery(20);
  });
  pass(61_000);
  expect(turn).toHaveBeenCalledTimes(3);
  rerender({ pages: 3, held: true });
  pass(60_000);
  rerender({ pages: 1, held: false });
  pass(60_000);
  rerender({ pages: 3, held: false });
  act(() => {
    result.current.setPinned(true);
  });
  pass(60_000);
  expect(turn).toHaveBeenCalledTimes(3);
  act(() => {
    result.current.setPinned(false);
  });
  pass(20_000);
  expect(turn).toHaveBeenCalledTimes(4);
});
