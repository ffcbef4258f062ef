// The story of what goes on around the pages, with the service under a path: a wrong clock, a second tab, a session that ends while somebody
// types, the menu on a phone, high contrast.
//
// STORY besides what every story gets: media: {right, digits}, exam (a code). Its url has a path.
import { config, expect, id, person, phone, play, signIn, step } from './stage.mjs';

const under = new URL(config.url).pathname;

await play(async (facts) => {
  expect(under.length > 1, 'the service lives under a path');
  const anna = await person('anna', { camera: config.media.right });
  await step('A device whose clock is twenty minutes fast is told so, and the exam goes by the server’s', async () => {
    await anna.page.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 20 * 60_000;
    });
    await anna.page.goto(`${config.url}/e/${config.exam}`);
    await id(anna.page, 'wrong-clock').waitFor();
    expect((await id(anna.page, 'wrong-clock').innerText()).includes('20'), 'it says by how much');
    return anna.page;
  });
  await step('She signs in; the cookie and every address stay under the path', async () => {
    await signIn(anna.page, 'Смирнова Анна');
    await id(anna.page, 'join').waitFor();
    expect(new URL(anna.page.url()).pathname === `${under}/e/${config.exam}`, `she is where she was going (${anna.page.url()})`);
    const [cookie] = (await anna.context.cookies()).filter((one) => one.name === 'ochno_session');
    expect(cookie.path === `${under}/`, `the cookie’s path is ${cookie.path}`);
    return anna.page;
  });
  await step('Her connection is measured, and picture and sound reach the server', async () => {
    const { page } = anna;
    await id(page, 'join').click();
    await id(page, 'consent-check').check();
    await id(page, 'consent-grant').click();
    await page.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
    await id(page, 'device-continue').click();
    await id(page, 'network-figures').waitFor();
    facts.way = await id(page, 'network-figures').getAttribute('data-way');
    await phone(page, 'network');
    return page;
  });
  await step('The check passes by itself', async () => {
    await id(anna.page, 'identify-start').or(id(anna.page, 'network-anyway')).first().waitFor();
    if (await id(anna.page, 'network-anyway').isVisible()) await id(anna.page, 'network-anyway').click(); // a busy machine
    await id(anna.page, 'identify-start').waitFor();
    return anna.page;
  });
  await step('In a second tab the exam goes on there, and the first one says so', async () => {
    const second = await anna.context.newPage();
    await second.goto(`${config.url}/e/${config.exam}`);
    await id(second, 'device-continue').or(id(second, 'identify-start')).first().waitFor();
    if (await id(second, 'device-continue').isVisible()) {
      await second.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
      await id(second, 'device-continue').click();
    }
    await anna.page.locator('[data-testid="connection-closed"][data-code="4409"]').waitFor();
    await second.close();
    await anna.page.bringToFront();
    await id(anna.page, 'connection-closed').getByRole('button').click();
    await id(anna.page, 'connection-closed').waitFor({ state: 'detached' });
    return anna.page;
  });

  const registrar = await person('registrar');
  const words = 'Согласие, исправленное вечером';
  await step('A session ends while the registrar types', async () => {
    const { page, context } = registrar;
    await page.goto(`${config.url}/consent-texts`);
    await signIn(page, 'Лебедева Жанна');
    await id(page, 'text-new').click();
    await id(page, 'text-title').fill(words);
    await context.clearCookies();
    await id(page, 'text-publish').click();
    await id(page, 'text-publish-confirm').click();
    await id(page, 'sign-in-again').waitFor();
    await phone(page, 'sign-in-again');
    return page;
  });
  await step('She signs in again beside it; nothing she typed is lost, and it is published', async () => {
    const { page, context } = registrar;
    const [beside] = await Promise.all([context.waitForEvent('page'), id(page, 'sign-in-beside').click()]);
    await signIn(beside, 'Лебедева Жанна');
    await id(beside, 'signed-in').waitFor();
    await beside.close();
    await id(page, 'sign-in-again').waitFor({ state: 'detached' });
    expect((await id(page, 'text-title').inputValue()) === words, 'her words are still there');
    if (await id(page, 'text-publish-confirm').isVisible()) await id(page, 'text-publish-confirm').click();
    else {
      await id(page, 'text-publish').click();
      await id(page, 'text-publish-confirm').click();
    }
    await page.getByText(words).first().waitFor();
    return page;
  });
  await step('On a phone the sections are a menu', async () => {
    const { page } = registrar;
    await page.setViewportSize({ width: 390, height: 844 });
    await id(page, 'sections').click();
    await id(page, 'section-retention').click();
    await page.waitForURL('**/retention');
    await id(page, 'section-retention').waitFor({ state: 'detached' });
    await id(page, 'contrast').click();
    expect(await page.evaluate(() => document.documentElement.dataset.contrast === 'high'), 'the contrast is high');
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.contrast === 'high'), 'it is remembered');
    return page;
  });
});
