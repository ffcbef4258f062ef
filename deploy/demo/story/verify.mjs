// The browser story of checking: somebody who has a package and a browser, no account and no network, sees that it fits, and which record does
// not after one byte of it was changed. Once from the service, once from the page as it was saved.
//
// STORY besides what every story gets: packages: {good, broken} (files), key (the log's), saved (where to keep the page).
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { config, expect, id, person, play, signIn, step } from './stage.mjs';

async function check(page, file, good) {
  await id(page, 'package').setInputFiles(file);
  const verdict = page.locator(`[data-testid="verdict"][data-good="${good}"]`);
  await verdict.waitFor();
  return verdict.innerText();
}

await play(async (facts) => {
  const reader = await person('reader');
  await step('Somebody opens the page that checks packages', async () => {
    const answer = await reader.page.goto(`${config.url}/verify`);
    writeFileSync(config.saved, await answer.body());
    await reader.page.getByRole('heading', { name: 'Проверка пакета журнала' }).waitFor();
    return reader.page;
  });
  await step('A good package fits', async () => {
    await reader.page.locator('#key').fill(config.key);
    facts.good = await check(reader.page, config.packages.good, true);
    await id(reader.page, 'verdict').scrollIntoViewIfNeeded();
    return reader.page;
  });
  await step('After one byte of it was changed the record is named', async () => {
    facts.broken = await check(reader.page, config.packages.broken, false);
    await id(reader.page, 'verdict').scrollIntoViewIfNeeded();
    return reader.page;
  });
  await step('The page was saved and checks the same from a disk, without a network', async () => {
    await reader.page.context().setOffline(true);
    await reader.page.goto(pathToFileURL(config.saved).href);
    await id(reader.page, 'package').waitFor({ state: 'attached' });
    facts.saved = await check(reader.page, config.packages.good, true);
    expect((await reader.page.evaluate(() => performance.getEntriesByType('resource').length)) === 0, 'the page fetched nothing');
    return reader.page;
  });
  const registrar = await person('registrar');
  const taken = path.join(config.folder, 'taken.zip');
  await step('The registrar selects a student of a group', async () => {
    await registrar.page.goto(`${config.url}/log`);
    await signIn(registrar.page, 'Лебедева Жанна');
    await id(registrar.page, 'log-table').waitFor();
    await id(registrar.page, 'filter-student').fill('смирн');
    await registrar.page.getByRole('option', { name: /Смирнова Анна/ }).click();
    await registrar.page.waitForURL(/person=/);
    expect(!decodeURIComponent(registrar.page.url()).includes('Смирнова'), 'no name in the address');
    await registrar.page.setViewportSize({ width: 390, height: 844 });
    const wide = await registrar.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await registrar.page.screenshot({ path: path.join(config.pictures, 'phone-log.png'), fullPage: true });
    await registrar.page.setViewportSize({ width: 1440, height: 900 });
    expect(wide <= 0, `the log fits a phone (${wide} px too wide)`);
    await id(registrar.page, 'filter-clear').click();
    await id(registrar.page, 'log-table').waitFor();
    return registrar.page;
  });
  await step('She takes a package of the whole log away', async () => {
    await id(registrar.page, 'download-more').click();
    await id(registrar.page, 'download-package').waitFor();
    await registrar.page.screenshot({ path: path.join(config.pictures, 'log-downloads.png') });
    const [download] = await Promise.all([registrar.page.waitForEvent('download'), id(registrar.page, 'download-package').click()]);
    await download.saveAs(taken);
    return registrar.page;
  });
  await step('It fits, too', async () => {
    facts.taken = await check(reader.page, taken, true);
    return reader.page;
  });
  await step('On a phone and in English', async () => {
    await reader.page.setViewportSize({ width: 390, height: 844 });
    await id(reader.page, 'language').click();
    await reader.page.getByRole('heading', { name: 'Everything fits' }).waitFor();
    const wide = await reader.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide <= 0, `the page fits a phone (${wide} px too wide)`);
    await reader.page.screenshot({ path: path.join(config.pictures, 'phone-verify.png'), fullPage: true });
    return reader.page;
  });
});
