// What the component tests share: the providers around a component, and the parts of a
// browser that jsdom lacks. Imported by tests only.
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render } from '@testing-library/react';
import i18next from 'i18next';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { afterEach, vi } from 'vitest';
import { createQueryClient } from './api/queryClient';
import type { Problem } from './api/types';
import { startI18n } from './i18n/i18n';
import { theme } from './theme/theme';

afterEach(cleanup);

vi.stubGlobal('matchMedia', (query: string) => ({
  matches: false,
  media: query,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}));
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  },
);

// What a text area that grows asks of a browser.
Object.defineProperty(document, 'fonts', { value: { addEventListener: () => undefined, removeEventListener: () => undefined } });

/** Shows a component as the application would, at an address, in Russian. */
export async function show(component: ReactNode, address = '/') {
  if (!i18next.isInitialized) await startI18n();
  await i18next.loadNamespaces(['arrival', 'common', 'consent', 'home', 'join', 'wall', 'review', 'log', 'exam', 'people', 'talk']);
  return render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={createQueryClient()}>
        <MemoryRouter initialEntries={[address]}>{component}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

export interface Call {
  method: string;
  path: string;
  body: unknown;
}

type Answer = { status?: number; body: unknown } | undefined;

/** Answers every request of the page and remembers it; undefined is a lost network. */
export function serve(answer: (call: Call) => Answer): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const call: Call = {
      method: init.method ?? 'GET',
      path: new URL(url).pathname + new URL(url).search,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    };
    calls.push(call);
    const given = answer(call);
    if (given === undefined) return Promise.reject(new TypeError('Failed to fetch'));
    return Promise.resolve(new Response(JSON.stringify(given.body), { status: given.status ?? 200 }));
  });
  return calls;
}

export function problem(status: number, code: string, ru: string): { status: number; body: Problem } {
  return { status, body: { type: 'about:blank', title: code, status, detail: code, code, message: { ru, en: code } } };
}
