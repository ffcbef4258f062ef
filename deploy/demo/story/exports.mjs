// The browser story of what the registrar takes away: an export that the server prepares, with recordings, checked in the browser; the register of
// consents in its forms.
//
// STORY besides what every story gets: folder (for downloads).
import path from 'node:path';
import { config, expect, id, person, phone, play, signIn, step } from './stage.mjs';

async function save(page, click, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  const to = path.join(config.folder, name);
  await download.saveAs(to);
  return to;
}

await play(async (facts) => {
  const registrar = await person('registrar');
  const { page } = registrar;
  await step('The registrar opens the log; without one exam there are no recordings to take', async () => {
    await page.goto(`${config.url}/log`);
    await signIn(page, 'Лебедева Жанна');
    await id(page, 'log-table').waitFor();
    await id(page, 'download-more').click();
    await page.locator('[data-testid="download-recordings"][data-disabled]').waitFor();
    await page.keyboard.press('Escape');
    return page;
  });
  await step('She chooses the exam and is told what its recordings take', async () => {
    await id(page, 'filter-exam').click();
    await page.getByRole('option', { name: /demo/ }).click();
    await page.waitForURL(/exam=/);
    await id(page, 'download-more').click();
    await page.locator('[data-testid="download-recordings"]:not([data-disabled])').waitFor();
    await page.getByText(/без шифрования/).waitFor();
    return page;
  });
  await step('She is told that they are not encrypted in the package', async () => {
    await id(page, 'download-recordings').click();
    await id(page, 'recordings-order-confirm').waitFor();
    await phone(page, 'recordings-order');
    return page;
  });
  let taken;
  await step('The server prepares it', async () => {
    await id(page, 'recordings-order-confirm').click();
    await page.locator('[data-testid^="export-"][data-state="ready"]').waitFor({ timeout: 60_000 });
    await phone(page, 'exports');
    return page;
  });
  await step('How a preparation looks on its way', async () => {
    await page.route('**/api/log/exports', async (route) => {
      const response = await route.fetch();
      const { exports } = await response.json();
      const [done] = exports;
      const other = (state, more) => ({ ...done, id: crypto.randomUUID(), state, size: undefined, expiresAt: undefined, ...more });
      await route.fulfill({
        json: {
          exports: [
            other('running', { format: 'csv', recordings: false, percent: 43 }), other('waiting', { format: 'xlsx', recordings: false, percent: 0 }), done,
            other('failed', { format: 'package', fault: 'too_many_files' }),
          ],
        },
      });
    });
    await page.reload();
    await page.getByText('Готовится 43 %').waitFor();
    await phone(page, 'exports-on-their-way');
    await page.screenshot({ path: path.join(config.pictures, 'exports-on-their-way.png') });
    await page.unroute('**/api/log/exports');
    await page.reload();
    await id(page, 'exports').waitFor();
    return page;
  });
  await step('She takes it away', async () => {
    taken = await save(page, () => page.locator('[data-testid^="export-download-"]').click(), 'recordings.zip');
    facts.taken = taken;
    return page;
  });
  await step('Anybody checks it in a browser: the recordings are in it, unchanged', async () => {
    const reader = await person('reader');
    await reader.page.goto(`${config.url}/verify`);
    await id(reader.page, 'package').setInputFiles(taken);
    const verdict = reader.page.locator('[data-testid="verdict"][data-good="true"]');
    await verdict.waitFor();
    facts.verdict = await verdict.innerText();
    return reader.page;
  });
  await step('She erases the file', async () => {
    await page.locator('[data-testid^="export-cancel-"]').click();
    await id(page, 'exports').waitFor({ state: 'detached' });
    return page;
  });
  await step('The register of consents', async () => {
    await id(page, 'to-register').click();
    await id(page, 'register-table').waitFor();
    await phone(page, 'consent-register');
    return page;
  });
  await step('Only those that were withdrawn', async () => {
    await id(page, 'filter-state').click();
    await page.getByRole('option', { name: 'Отозвано' }).click();
    await page.waitForURL(/state=withdrawn/);
    await page.waitForFunction(() => document.querySelectorAll('[data-testid^="consent-"][data-state]').length === 1);
    return page;
  });
  await step('She takes the register away in its forms', async () => {
    for (const form of ['csv', 'xlsx', 'pdf', 'jsonl']) {
      await id(page, 'download-register').click();
      await id(page, `register-${form}`).waitFor();
      if (form === 'csv') await page.screenshot({ path: path.join(config.pictures, 'register-downloads.png') });
      facts[form.toUpperCase()] = await save(page, () => id(page, `register-${form}`).click(), `register.${form}`);
    }
    expect((await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)) <= 0, 'the page is not too wide');
    return page;
  });
});
