import { defineConfig } from 'vite';
import { keepPlaceholder } from './plugins/keepPlaceholder.ts';
import { singleFile } from './plugins/singleFile.ts';

// The page that checks a package of the log, as one file beside the application.
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [singleFile('verify.html', 'verify.html'), keepPlaceholder()],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    modulePreload: false,
    cssCodeSplit: false,
    sourcemap: false,
    rollupOptions: { input: 'src/verify/verify.html' },
  },
});
