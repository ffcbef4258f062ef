// A Firefox for stories, driven by WebDriver BiDi: the stock browser of a distribution, which Playwright does not drive.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { config, expect, patience } from './stage.mjs';

const WebSocket = createRequire(path.join(config.root, 'web/package.json'))('ws');

// A camera that shows a moving pattern and a microphone that hums; and no page of its own at the start, no updates, no talk to its makers.
const preferences = {
  'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false, 'media.autoplay.default': 0, 'media.autoplay.block-webaudio': false, 'media.autoplay.blocking_policy': 0, 'intl.accept_languages': 'ru-RU',
  'app.update.enabled': false, 'browser.shell.checkDefaultBrowser': false, 'browser.startup.page': 0, 'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false, 'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
};

/** Starts one; close() ends it. */
export async function firefox() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ochno-firefox-'));
  writeFileSync(path.join(folder, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`).join('\n'));
  const browser = spawn(config.firefox, ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port=0', 'about:blank'], {
    env: { ...process.env, HOME: folder, MOZ_HEADLESS_WIDTH: '1440', MOZ_HEADLESS_HEIGHT: '900' }, stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  const close = async () => {
    browser.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const socket = new WebSocket(`${await listening(browser)}/session`);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return await page(socket, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function listening(browser) {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`Firefox does not listen: ${said}`)), patience);
    browser.stderr.on('data', (text) => {
      said += text;
      const found = said.match(/WebDriver BiDi listening on (ws:\/\/\S+)/);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
    browser.once('exit', () => reject(new Error(`Firefox ended: ${said}`)));
  });
}

async function page(socket, close) {
  let last = 0;
  const waiting = new Map();
  socket.on('message', (text) => {
    const answer = JSON.parse(text);
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.type === 'error') asked?.reject(new Error(`${answer.error}: ${answer.message}`));
    else asked?.resolve(answer.result);
  });
  const send = (method, params) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  await send('session.new', { capabilities: {} });
  const { contexts } = await send('browsingContext.getTree', {});
  const { context } = contexts[0];

  const self = {
    close,
    goto: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    /** Runs a function in every page before its own scripts. */
    addInitScript: (script, argument) => send('script.addPreloadScript', { functionDeclaration: `() => { (${script})(${JSON.stringify(argument ?? null)}); }` }),
    async evaluate(act, argument) {
      const answer = await send('script.callFunction', {
        functionDeclaration: `async (text) => JSON.stringify((await (${act})(JSON.parse(text))) ?? null)`, awaitPromise: true,
        arguments: [{ type: 'string', value: JSON.stringify(argument ?? null) }], target: { context },
      });
      if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
      return JSON.parse(answer.result.value);
    },
    /** Asks the page until it says yes. */
    async until(what, act, argument) {
      for (const end = Date.now() + 2 * patience; ;) {
        const answer = await self.evaluate(act, argument).catch(() => undefined); // a page that changes has no answer
        if (answer) return answer;
        expect(Date.now() < end, `in Firefox: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    waitFor: (testId) => self.until(`${testId} appears`, (wanted) => document.querySelector(`[data-testid="${wanted}"]`) !== null, testId),
    click: (testId) => self.until(`${testId} can be clicked`, (wanted) => {
      const element = document.querySelector(`[data-testid="${wanted}"]`);
      if (element === null || element.disabled || element.hasAttribute('data-disabled')) return false;
      element.click();
      return true;
    }, testId),
    async screenshot({ path: file }) {
      const { data } = await send('browsingContext.captureScreenshot', { context });
      writeFileSync(file, Buffer.from(data, 'base64'));
    },
  };
  return self;
}
