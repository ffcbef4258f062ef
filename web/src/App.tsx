import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useState } from 'react';
import { BrowserRouter } from 'react-router';
import { routerBase } from './api/base';
import { createQueryClient } from './api/queryClient';
import { AppRoutes } from './AppRoutes';
import { ErrorBoundary } from './shell/ErrorBoundary';
import { SessionKeeper } from './shell/SessionKeeper';
import { ScrollToTop } from './shell/ScrollToTop';
import { cssVariables, theme } from './theme/theme';

interface AppProps {
  nonce: string;
}

/** The providers around every page. */
export function App({ nonce }: AppProps) {
  const [queryClient] = useState(createQueryClient);
  return (
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        cssVariablesResolver={cssVariables}
        getStyleNonce={() => nonce}
      >
        <QueryClientProvider client={queryClient}>
          <ErrorBoundary>
            <BrowserRouter basename={routerBase}>
              <ScrollToTop />
              <AppRoutes />
              <SessionKeeper />
            </BrowserRouter>
          </ErrorBoundary>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
}
