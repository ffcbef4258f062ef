import '@fontsource-variable/golos-text/index.css';
import '@mantine/core/styles.css';
import './theme/base.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { startI18n } from './i18n/i18n';
import { applyContrast, contrastChosen } from './theme/contrast';

// The server puts a fresh nonce into the page; the libraries that add a <style> take it from here.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
setNonce(nonce);

applyContrast(contrastChosen());

async function start(): Promise<void> {
  await startI18n();
  const root = document.getElementById('root');
  if (root !== null) createRoot(root).render(<App nonce={nonce} />);
}

void start();
