import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compressed } from './plugins/compressed.ts';
import { keepPlaceholder } from './plugins/keepPlaceholder.ts';

// The server answers with `default-src 'self'` and a style nonce: nothing may be
// inlined as a data: address, and every address is relative to <base href>, so that
// the application also works under a sub-path.
export default defineConfig({
  base: './',
  plugins: [react(), keepPlaceholder(), compressed()],
  build: {
    outDir: 'dist',
    assetsInlineLimit: 0,
    target: ['es2022', 'chrome111', 'firefox114', 'safari17'],
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page begins with comes in one piece: it is compressed better than in many, and asked for once.
          groups: [
            {
              name: 'base',
              test: /node_modules\/(react|react-dom|scheduler|react-router|i18next|react-i18next|use-sync-external-store|@tanstack\/(query-core|react-query))\//,
            },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: process.env.OCHNO_SERVER ?? 'http://127.0.0.1:8080', ws: true },
      '/auth': { target: process.env.OCHNO_SERVER ?? 'http://127.0.0.1:8080' },
    },
  },
  test: {
    environment: 'node',
    include: ['{src,plugins}/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    environmentOptions: { jsdom: { url: 'http://ochno.test/' } },
  },
});
