// What every browser story needs: browsers for its people, steps with a picture each, and the end that hands what was seen to the Go test.
//
// STORY (JSON): url, root (of the checkout), chromium, pictures (a folder), and what the story itself asks for.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const config = JSON.parse(process.env.STORY);
const require = createRequire(path.join(config.root, 'web/package.json'));
const { chromium } = require('playwright-core');

/** A file of the front end's packages. */
export const packageFile = (name) => require.resolve(name);

export const patience = 30_000;
const began = Date.now();
let number = 0;
const open = [];
const folders = [];

mkdirSync(config.pictures, { recursive: true });

const flags = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
];

/** One browser for many people who need no camera of their own: each has a context of hers. It ends with the caller's act. */
export async function withBrowser(act) {
  const browser = await chromium.launch({ executablePath: config.chromium, headless: true, chromiumSandbox: false, args: flags });
  try {
    return await act(browser);
  } finally {
    await browser.close();
  }
}

/** One step: does it, keeps a picture of the page it returns, prints a line. */
export async function step(what, act) {
  const at = Date.now();
  let page;
  try {
    page = await act();
  } catch (error) {
    console.log(`  ✗ ${what}`);
    for (const [i, { name, page: theirs }] of open.entries()) {
      await theirs.screenshot({ path: path.join(config.pictures, `failed-${i}-${name}.png`) }).catch(() => {});
      const text = await theirs.locator('body').innerText({ timeout: 2000 }).catch(() => 'nothing can be read');
      console.log(`    ${name} sees: ${text.replace(/\s+/g, ' ').slice(0, 400)}`);
    }
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

/**
 * A person with a browser of her own; camera is a y4m file, a phone has a phone's screen. Whoever has a camera also has a voice: she says
 * something while her devices are checked, and then each digit when the page shows it, unless she is mute. More are flags of Chromium's; init is
 * {script, argument} to run in each page first.
 */
export async function person(name, { camera, phone = false, mute = false, more = [], init } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ochno-story-'));
  folders.push(folder);
  const args = [...flags, ...more];
  if (camera) args.push(`--use-file-for-fake-video-capture=${camera}`);
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: config.chromium, headless: true, chromiumSandbox: false, args, viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    locale: 'ru-RU', timezoneId: 'Europe/Moscow', acceptDownloads: true, permissions: camera ? ['camera', 'microphone'] : [],
  });
  context.setDefaultTimeout(patience);
  if (camera) await context.addInitScript(speaker, { digits: mute ? [] : config.media.digits.map((file) => readFileSync(file).toString('base64')) });
  if (init) await context.addInitScript(init.script, init.argument);
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

/**
 * Runs in the page: puts a voice in the place of the browser's own microphone. It is the sound of a quiet room, in which the digits of the
 * page are said as they appear; before a challenge any digit, so that a check of the microphone hears somebody.
 */
function speaker({ digits }) {
  const devices = navigator.mediaDevices;
  if (!devices) return; // a page without https
  const original = devices.getUserMedia.bind(devices);
  let voice;
  const open = async () => {
    const context = new AudioContext({ sampleRate: 48_000 });
    const room = context.createBuffer(1, 48_000, 48_000);
    const samples = room.getChannelData(0);
    for (let i = 0; i < samples.length; i += 1) samples[i] = (Math.random() - 0.5) * 0.002;
    const noise = context.createBufferSource();
    noise.buffer = room;
    noise.loop = true;
    const out = context.createMediaStreamDestination();
    noise.connect(out);
    noise.start();
    const said = await Promise.all(
      digits.map((text) => context.decodeAudioData(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer)),
    );
    let until = 0;
    const say = (digit) => {
      const source = context.createBufferSource();
      source.buffer = said[digit];
      source.connect(out);
      source.start();
      until = context.currentTime + source.buffer.duration + 0.4;
    };
    let last = '';
    setInterval(() => {
      if (said.length === 0) return;
      const shown = document.querySelector('[data-testid="challenge-digits"], #digit:not([hidden])'); // the latter on the EBS stand's page
      if (shown) {
        const digit = shown.dataset.digit ?? shown.textContent.trim();
        const now = `${shown.dataset.shown ?? ''}${digit}`;
        if (now !== last && digit) say(Number(digit));
        last = now;
        return;
      }
      last = '';
      if (document.querySelector('[data-testid="microphone-check"], [data-testid="trial-microphone"]') && context.currentTime > until) say(7);
    }, 40);
    return out.stream;
  };
  devices.getUserMedia = async (wanted) => {
    const stream = await original(wanted);
    const [microphone] = stream.getAudioTracks();
    if (!microphone) return stream;
    voice ??= open();
    const track = (await voice).getAudioTracks()[0].clone();
    const settings = microphone.getSettings();
    track.getSettings = () => settings;
    stream.removeTrack(microphone);
    microphone.stop();
    stream.addTrack(track);
    return stream;
  };
}

export const id = (page, testId) => page.getByTestId(testId);

/**
 * Waits for the end of an identification that should succeed. On a busy machine a spoken digit may come late: then she tries again, as people do,
 * and it is told.
 */
export async function succeed(page, done) {
  for (let tries = 0; ; tries += 1) {
    await id(page, done).or(id(page, 'identify-again')).first().waitFor({ timeout: 5 * patience });
    if (await id(page, done).isVisible()) return;
    expect(tries < 3, 'somebody who is who she says is believed');
    await tellRefusal(page);
    await id(page, 'identify-again').click();
    await id(page, 'identify-again').waitFor({ state: 'detached' });
  }
}

/** Prints why she must try once more: what happens in many runs has a cause, and it should be seen. */
export async function tellRefusal(page) {
  const why = await id(page, 'identification-result').first().innerText({ timeout: 2000 }).catch(() => 'the page shows no result');
  console.log(`    once more, after: ${why.replace(/\s+/g, ' ')}`);
}

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

/** What axe finds on the page as it is must be nothing: for states that the walk over all pages does not come by. */
export async function accessible(page, what) {
  if ((await page.evaluate(() => typeof window.axe)) === 'undefined') await page.evaluate(readFileSync(packageFile('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });
    return violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.slice(0, 3).map((one) => one.target.join(' ')).join(', ')}`);
  });
  expect(found.length === 0, `${what} has nothing that axe finds: ${found.join('; ')}`);
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
