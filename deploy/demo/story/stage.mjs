// What every browser story needs: browsers for its people, steps with a picture each, and the end that hands what was seen to the Go test.
//
// STORY (JSON): url, root (of the checkout), chromium, pictures (a folder), and what the story itself asks for.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const config = JSON.parse(process.env.STORY);
const { chromium } = createRequire(path.join(config.root, 'web/package.json'))('playwright-core');

export const patience = 30_000;
const began = Date.now();
let number = 0;
const open = [];
const folders = [];

mkdirSync(config.pictures, { recursive: true });

/** One step: does it, keeps a picture of the page it returns, prints a line. */
export async function step(what, act) {
  const at = Date.now();
  let page;
  try {
    page = await act();
  } catch (error) {
    for (const [i, person] of open.entries()) await person.page.screenshot({ path: path.join(config.pictures, `failed-${i}-${person.name}.png`) }).catch(() => {});
    console.log(`  ✗ ${what}`);
    throw error;
  }
  number += 1;
  if (page) await page.screenshot({ path: path.join(config.pictures, `${String(number).padStart(2, '0')}-${slug(what)}.png`) });
  console.log(`  ✓ ${what}  (${((Date.now() - at) / 1000).toFixed(1)} s)`);
}

const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60);

export function expect(truth, what) {
  if (!truth) throw new Error(`not so: ${what}`);
}

/** Asks the service as the page's person until what is asked for is so. (waitForFunction takes the promise of an async function for a yes.) */
export async function until(what, page, asked, so) {
  const end = Date.now() + 2 * patience;
  for (;;) {
    const answer = await page.request.get(`${config.url}${asked}`);
    if (answer.ok() && so(await answer.json())) return;
    expect(Date.now() < end, `${what} (asked ${asked})`);
    await page.waitForTimeout(200);
  }
}

/** A person with a browser of her own; camera is a y4m file, a phone has a phone's screen. */
export async function person(name, { camera, phone = false } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ochno-story-'));
  folders.push(folder);
  const args = [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
  ];
  if (camera) args.push(`--use-file-for-fake-video-capture=${camera}`, `--use-file-for-fake-audio-capture=${config.media.voice}`);
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: config.chromium, headless: true, chromiumSandbox: false, args, viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    locale: 'ru-RU', timezoneId: 'Europe/Moscow', acceptDownloads: true, permissions: camera ? ['camera', 'microphone'] : [],
  });
  context.setDefaultTimeout(patience);
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A refused request is told on the console too; the story refuses on purpose.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  const who = { name, page, context, complaints };
  open.push(who);
  return who;
}

export const id = (page, testId) => page.getByTestId(testId);

/** Goes through the stand's sign-in page as one of its test people. */
export async function signIn(page, fullName) {
  await id(page, 'sign-in').first().click();
  await page.getByRole('button', { name: new RegExp(fullName) }).click();
}

/** Keeps a picture of the page as a phone shows it, whole, and goes back to the large screen. */
export async function phone(page, name) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: path.join(config.pictures, `phone-${name}.png`), fullPage: true });
  await page.setViewportSize(size);
}

/** Plays the story to its end; facts go to the Go test as the last line: FACTS {…}. */
export async function play(story) {
  const facts = {};
  let failed;
  try {
    await story(facts);
    for (const who of open) expect(who.complaints.length === 0, `${who.name}'s pages have no errors: ${who.complaints.join('; ')}`);
  } catch (error) {
    failed = error;
  }
  for (const who of open) await who.context.close().catch(() => {});
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  if (failed) {
    console.error(failed);
    process.exit(1);
  }
  console.log(`  ${number} steps in ${((Date.now() - began) / 1000).toFixed(0)} s; pictures in ${config.pictures}`);
  console.log(`FACTS ${JSON.stringify(facts)}`);
}
