// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import '../i18n/i18n';
import { useSpoken, useSpokenChoice } from './useSpoken';

class FakeUtterance {
  lang = '';
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const speak = vi.fn<(words: FakeUtterance) => void>();
const cancel = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('SpeechSynthesisUtterance', FakeUtterance);
  vi.stubGlobal('speechSynthesis', { speak, cancel });
  window.localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

const said = () => speak.mock.calls.map(([words]) => words.text);

describe('useSpoken', () => {
  it('says what lasts, once, and falls silent without a text', () => {
    const first: { text?: string } = { text: 'ближе' };
    const { rerender } = renderHook(({ text }: { text?: string }) => useSpoken(text, true), { initialProps: first });
    vi.advanceTimersByTime(100);
    rerender({ text: 'замрите' });
    vi.advanceTimersByTime(1_000);
    rerender({ text: 'замрите' });
    vi.advanceTimersByTime(1_000);
    expect(said()).toEqual(['замрите']);
    cancel.mockClear();
    rerender({});
    expect(cancel).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_000);
    expect(said()).toEqual(['замрите']);
  });

  it('is silent unless chosen, and keeps the choice', () => {
    renderHook(() => useSpoken('ближе', false));
    vi.advanceTimersByTime(1_000);
    expect(said()).toEqual([]);
    const { result } = renderHook(() => useSpokenChoice());
    expect(result.current.on).toBe(false);
    act(() => result.current.choose(true));
    expect(result.current.on).toBe(true);
    expect(renderHook(() => useSpokenChoice()).result.current.on).toBe(true);
  });

  it('is not offered where the browser cannot speak', () => {
    vi.unstubAllGlobals();
    Reflect.deleteProperty(window, 'speechSynthesis');
    expect(renderHook(() => useSpokenChoice()).result.current.on).toBeUndefined();
  });
});
