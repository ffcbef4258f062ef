// A browser with a fake camera for the pictures:
//   FACE=face.y4m VOICE=digits.wav OUT=folder [MOCK=address] [SIZE=wide|phone] [SCHEME=dark] [LANGUAGE=en] [AXE=1] node dev/shots-join.mjs
import { mkdtempSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const base = process.env.MOCK ?? 'http://127.0.0.1:8090';
const out = process.env.OUT ?? join(tmpdir(), 'ochno-shots');
const only = process.env.SIZE;
const scheme = process.env.SCHEME ?? 'light';
export const sizes = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
].filter((size) => only === undefined || size.name === only);

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Prints what axe finds on the page as it is. */
async function check(page, name) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of violations) {
    console.log(`  ${name} axe ${violation.id} (${violation.impact}): ${violation.help}`);
    for (const node of violation.nodes.slice(0, 3)) console.log(`    ${node.target.join(' ')} ${node.any.map((one) => one.message).join('; ').slice(0, 220)}`);
  }
}

mkdirSync(out, { recursive: true });

/** Opens one browser of a size; every console error and refusal of the policy is printed. */
export async function open(size, initScript) {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'ochno-chromium-')), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    viewport: { width: size.width, height: size.height },
    colorScheme: scheme,
    locale: 'ru-RU',
    timezoneId: 'Europe/Moscow',
    baseURL: base,
    args: [
      '--no-sandbox', '--disable-gpu', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${process.env.FACE}`, `--use-file-for-fake-audio-capture=${process.env.VOICE}`,
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  if (process.env.LANGUAGE) await page.addInitScript((language) => window.localStorage.setItem('ochno.language', language), process.env.LANGUAGE);
  if (initScript !== undefined) await page.addInitScript(initScript);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.log(`  console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`  page error: ${error.message}`));
  page.setDefaultTimeout(15_000);
  return {
    page,
    set: (world) => page.request.get(`/mock/set?world=${encodeURIComponent(JSON.stringify(world))}`),
    shot: async (name) => {
      await page.evaluate(() => document.fonts.ready);
      await page.waitForTimeout(250);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) console.log(`  ${name} ${size.name}: ${overflow}px wider than the window`);
      await page.screenshot({ path: join(out, `${name}-${size.name}.png`) });
      if (process.env.AXE) await check(page, `${name} ${size.name}`);
      console.log(`${name} ${size.name}`);
    },
    close: () => context.close(),
  };
}
