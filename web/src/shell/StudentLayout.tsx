import { MantineThemeProvider } from '@mantine/core';
import { Suspense } from 'react';
import { Outlet } from 'react-router';
import { studentTheme } from '../theme/theme';
import { Header } from './Header';
import { LoadingView } from './LoadingView';

/** The frame of the pages for students and guests: nothing but the task, in large type. */
export function StudentLayout() {
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <MantineThemeProvider theme={studentTheme}>
          <Suspense fallback={<LoadingView />}>
            <Outlet />
          </Suspense>
        </MantineThemeProvider>
      </main>
    </>
  );
}
