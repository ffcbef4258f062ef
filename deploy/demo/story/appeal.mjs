// The story of an appeal: a student whom the biometric system does not know is refused and appeals; somebody who did not refuse her looks at the
// facts and gives her another try; she reads it and takes her package away.
import { config, expect, id, person, phone, play, signIn, step, until } from './stage.mjs';
import path from 'node:path';

/** Waits until a clip plays: the seconds around the decision are there. */
async function plays(page) {
  await id(page, 'show-clip').first().click();
  await id(page, 'clip-video').waitFor();
  await page.waitForFunction(() => {
    const video = document.querySelector('[data-testid="clip-video"]');
    return video.readyState >= 2 && video.videoWidth > 0;
  });
  const from = await id(page, 'clip-video').evaluate((video) => {
    video.muted = true;
    void video.play();
    return video.currentTime;
  });
  await page.waitForFunction((at) => document.querySelector('[data-testid="clip-video"]').currentTime > at + 0.3, from);
  await id(page, 'clip-video').evaluate((video) => video.pause());
}

await play(async (facts) => {
  const anna = await person('anna', { camera: config.media.right });
  const { page } = anna;
  await step('A student whom nobody enrolled is refused', async () => {
    await page.goto(`${config.url}/e/demo`);
    await signIn(page, 'Смирнова Анна');
    await id(page, 'join').click();
    await id(page, 'consent-check').check();
    await id(page, 'consent-grant').click();
    await page.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
    await id(page, 'device-continue').click();
    await id(page, 'identify-start').click();
    facts.attempt = (await (await page.request.get(`${config.url}/api/join/demo`)).json()).attemptId;
    await until('she is refused and may try again', page, `/api/attempts/${facts.attempt}`,
      (now) => now.state === 'ready' && now.lastIdentification?.outcome === 'not_enrolled');
    return page;
  });
  await step('In her file she sees the refusal, and the video around it', async () => {
    await page.goto(config.url);
    await id(page, 'person-home').waitFor();
    await page.locator('a[href$="/my-file"]').click();
    await id(page, 'my-file').waitFor();
    expect((await id(page, 'decision').first().getAttribute('data-outcome')) === 'not_enrolled', 'the refusal is there');
    await plays(page);
    return page;
  });
  await step('She files an appeal', async () => {
    await id(page, 'appeal-open').click();
    await id(page, 'appeal-text').fill('Я сдавала биометрию в банке в октябре. Прошу проверить ещё раз.');
    await id(page, 'appeal-email').fill('anna@example.org');
    await id(page, 'appeal-send').click();
    await page.locator('[data-testid="my-appeal"][data-state="open"]').waitFor();
    await id(page, 'open-stored').click();
    await page.locator('[data-class="recordings"][data-held="true"]').waitFor();
    await phone(page, 'my-file');
    return page;
  });

  const office = await person('office');
  await step('The registrar opens the appeal, with the facts beside it', async () => {
    await office.page.goto(`${config.url}/appeals`);
    await signIn(office.page, 'Лебедева Жанна');
    await id(office.page, 'appeals').waitFor();
    await office.page.screenshot({ path: path.join(config.pictures, 'queue.png') });
    await phone(office.page, 'queue');
    await office.page.locator('[data-testid^="appeal-"][href]').first().click();
    await id(office.page, 'appeal-written').waitFor();
    await plays(office.page);
    return office.page;
  });
  await step('She decides: another try', async () => {
    await id(office.page, 'decide-try').check();
    await id(office.page, 'decide-reason').fill('На записи ваше лицо видно хорошо. Шаблон в системе появился сегодня.');
    await phone(office.page, 'decide');
    await id(office.page, 'decide').click();
    await id(office.page, 'decide-confirm').click();
    await office.page.locator('[data-testid="appeal-decided"][data-remedy="try"]').waitFor();
    return office.page;
  });
  await step('The student reads the decision, and who looked', async () => {
    await page.reload();
    await page.locator('[data-testid="my-appeal"][data-state="granted"]').waitFor();
    expect((await id(page, 'appeal-reason').innerText()).includes('видно хорошо'), 'the reason is told');
    await id(page, 'open-looks').click();
    await page.locator('[data-testid="looks"] [data-what="recording"]').getByText('Лебедева Жанна').waitFor();
    await page.locator('[data-testid="looks"] [data-what="appeal"]').first().waitFor();
    await phone(page, 'decided');
    return page;
  });
  await step('She takes her package away', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), id(page, 'my-package').click()]);
    facts.package = path.join(config.pictures, 'package.zip');
    await download.saveAs(facts.package);
    return page;
  });
});
