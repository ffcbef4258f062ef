// The story of the verifier's own page: the student calls the check off there, then passes it, and the exam goes on in its own tab; another
// one, whose screen shows one page at a time, comes back to the exam in the same tab. STORY also has: media, exam (a code).
import { config, expect, id, person, phone, play, signIn, step, tellRefusal, until } from './stage.mjs';

const attemptOf = async (page) => (await (await page.request.get(`${config.url}/api/join/${config.exam}`)).json()).attemptId;
const attempt = async (page, of) => (await page.request.get(`${config.url}/api/attempts/${of}`)).json();

/** Up to the identification. */
async function arrive({ page }, fullName) {
  await page.goto(`${config.url}/e/${config.exam}`);
  await id(page, 'exam-card').waitFor();
  await signIn(page, fullName);
  await id(page, 'exam-card').waitFor();
  await id(page, 'join').click();
  await id(page, 'consent-check').check();
  await id(page, 'consent-grant').click();
  await page.locator('[data-testid="device-continue"]:not([disabled])').click();
  await id(page, 'identify-start').click();
  await id(page, 'verifier-page').waitFor({ timeout: 60_000 });
}

/** The stand's page: camera and voice, compared for real. */
async function confirm(page) {
  await page.locator('#camera').click();
  await page.locator('#confirm').click();
}

async function story(facts) {
  const anna = await person('anna', { camera: config.media.right });
  const { page } = anna;
  await step('The exam wants the check on the verifier’s page', async () => {
    await arrive(anna, 'Смирнова Анна');
    facts.anna = await attemptOf(page);
    await phone(page, 'away');
    return page;
  });
  let [tab] = await Promise.all([page.waitForEvent('popup'), id(page, 'verifier-page').click()]);
  await step('It opens in a tab of its own; she calls it off', async () => {
    await tab.locator('#cancel').click();
    await tab.getByTestId('returned').waitFor();
    await until('the check is over and nothing is lost', page, `/api/attempts/${facts.anna}`,
      (now) => now.state === 'ready' && now.lastIdentification?.reason === 'session_cancelled' && now.triesLeft === now.triesTotal);
    await phone(tab, 'returned');
    return tab;
  });
  await step('She begins again', async () => {
    await tab.close();
    await id(page, 'identify-again').click();
    await id(page, 'verifier-page').waitFor({ timeout: 60_000 });
    await page.reload();
    await id(page, 'verifier-page').waitFor(); // the place is kept
    return page;
  });
  [tab] = await Promise.all([page.waitForEvent('popup'), id(page, 'verifier-page').click()]);
  await step('She confirms there with camera and voice', async () => {
    for (let tries = 0; ; tries += 1) { // on a busy machine a digit may be said too late
      await confirm(tab);
      await tab.getByTestId('returned').waitFor({ timeout: 60_000 });
      await id(page, 'begin-exam').or(id(page, 'identify-again')).first().waitFor({ timeout: 60_000 });
      if (await id(page, 'begin-exam').isVisible()) return tab;
      expect(tries < 2, 'somebody who is who she says is believed');
      await tellRefusal(page);
      await tab.close();
      await id(page, 'identify-again').click();
      await id(page, 'verifier-page').waitFor({ timeout: 60_000 });
      [tab] = await Promise.all([page.waitForEvent('popup'), id(page, 'verifier-page').click()]);
    }
  });
  await step('The exam has gone on in its own tab', async () => {
    await id(page, 'begin-exam').waitFor();
    const now = await attempt(page, facts.anna);
    expect(now.state === 'admitted' && now.lastIdentification.outcome === 'match', `she is admitted (${now.state}, ${now.lastIdentification?.reason})`);
    await id(page, 'begin-exam').click();
    await id(page, 'exam-bar').waitFor();
    return page;
  });

  const boris = await person('boris', { camera: config.media.other, phone: true });
  await step('A student with one window goes there in it, and is another man', async () => {
    await arrive(boris, 'Кузнецов Борис');
    facts.boris = await attemptOf(boris.page);
    await boris.page.goto(await id(boris.page, 'verifier-page').getAttribute('href'));
    await confirm(boris.page);
    return boris.page;
  });
  await step('He is back in the exam, and not admitted', async () => {
    await until('the verdict is about him', boris.page, `/api/attempts/${facts.boris}`,
      (now) => now.state === 'ready' && now.lastIdentification?.outcome === 'no_match' && now.triesLeft === now.triesTotal - 1);
    await boris.page.waitForURL(`**/e/${config.exam}`);
    await id(boris.page, 'identify-again').or(id(boris.page, 'device-continue')).first().waitFor();
    return boris.page;
  });
}

await play(story);
