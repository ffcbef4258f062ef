// The story of consents: a minor waits at the door until her father, come by the link of a letter, consents; he withdraws again; a student
// withdraws in the middle of an exam, and the proctor sees it. STORY also has: media, mail (the page of the mail stand).
import { config, expect, id, person, play, signIn, step, succeed, until } from './stage.mjs';
import path from 'node:path';

const attemptOf = async (page) => (await (await page.request.get(`${config.url}/api/join/demo`)).json()).attemptId;
const attempt = async (page, of) => (await page.request.get(`${config.url}/api/attempts/${of}`)).json();

/** The same page as a phone shows it, beside the step's own picture. */
async function onPhone(page, name) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: path.join(config.pictures, `phone-${name}.png`) });
  await page.setViewportSize(size);
}

await play(async (facts) => {
  const kira = await person('kira');
  await step('A minor signs in and comes to the door for a parent', async () => {
    await kira.page.goto(`${config.url}/e/demo`);
    await signIn(kira.page, 'Фёдорова Кира');
    await id(kira.page, 'parent-needed').waitFor();
    const refused = await kira.page.request.post(`${config.url}/api/join/demo`, { headers: { 'Sec-Fetch-Site': 'same-origin' } });
    expect(refused.status() === 403 && (await refused.json()).code === 'guardian_needed', 'the server does not let her in');
    await onPhone(kira.page, 'door');
    return kira.page;
  });
  await step('She sends her father the link', async () => {
    await id(kira.page, 'parent-email').fill('papa@example.org');
    await id(kira.page, 'parent-invite').click();
    await id(kira.page, 'parent-invitations').getByText('p•••@example.org').waitFor();
    return kira.page;
  });

  const father = await person('father', { phone: true });
  await step('He opens the letter on the mail stand’s page and follows the link', async () => {
    for (;;) {
      await father.page.goto(config.mail);
      if (await id(father.page, 'letter').first().isVisible().catch(() => false)) break;
      await father.page.waitForTimeout(300);
    }
    await father.page.screenshot({ path: path.join(config.pictures, 'phone-letter.png') });
    await id(father.page, 'letter').first().getByRole('link').click();
    await id(father.page, 'guardian-door').waitFor();
    await id(father.page, 'sign-in').waitFor();
    expect(!father.page.url().includes('#'), 'the code does not stay in the address');
    expect(!(await father.page.innerText('body')).includes('Кира'), 'nothing of her is shown before he signed in');
    return father.page;
  });
  await step('He signs in and is known as her father', async () => {
    await signIn(father.page, 'Фёдоров Максим');
    await id(father.page, 'guardian-home').waitFor();
    await id(father.page, 'consent-text').first().waitFor();
    return father.page;
  });
  await step('He reads and consents', async () => {
    await id(father.page, 'guardian-check').check();
    await id(father.page, 'guardian-grant').click();
    await id(father.page, 'withdraw').waitFor();
    return father.page;
  });
  await step('She is in with no further step', async () => {
    await id(kira.page, 'join').waitFor();
    await id(kira.page, 'join').click();
    await kira.page.getByTestId('step-devices').waitFor();
    facts.kira = await attemptOf(kira.page);
    expect((await attempt(kira.page, facts.kira)).state === 'ready', 'past the consent, which nobody asked her');
    return kira.page;
  });
  await step('He withdraws; her attempt is in the other form', async () => {
    await id(father.page, 'withdraw').click();
    await id(father.page, 'withdraw-confirm').waitFor();
    await father.page.waitForTimeout(400); // the question comes in gently
    await father.page.screenshot({ path: path.join(config.pictures, 'phone-withdraw.png') });
    await id(father.page, 'withdraw-confirm').click();
    await id(father.page, 'withdrawn').waitFor();
    const now = await attempt(kira.page, facts.kira);
    expect(now.state === 'declined' && now.stateReason === 'consent_withdrawn', `her attempt is ${now.state}`);
    return father.page;
  });

  const proctor = await person('proctor');
  await step('The proctor opens the room', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    return proctor.page;
  });
  const anna = await person('anna', { camera: config.media.right });
  await step('A student consents, is identified and writes her exam', async () => {
    const { page } = anna;
    await page.goto(`${config.url}/e/demo`);
    await signIn(page, 'Смирнова Анна');
    await id(page, 'join').click();
    await id(page, 'consent-check').check();
    await id(page, 'consent-grant').click();
    await page.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
    await id(page, 'device-continue').click();
    await id(page, 'identify-start').click();
    await succeed(page, 'begin-exam');
    await id(page, 'begin-exam').click();
    await id(page, 'exam-bar').waitFor();
    facts.anna = await attemptOf(page);
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await id(proctor.page, 'large-video').waitFor();
    return page;
  });
  await step('In a second tab she withdraws her consent, and reads what ends and what is erased when', async () => {
    const tab = await anna.context.newPage();
    await tab.goto(`${config.url}/consents`);
    await id(tab, 'consents').waitFor();
    await onPhone(tab, 'consents');
    await id(tab, 'withdraw').click();
    await id(tab, 'withdraw-confirm').waitFor();
    await tab.waitForTimeout(400);
    await tab.screenshot({ path: path.join(config.pictures, 'withdraw-question.png') });
    await id(tab, 'withdraw-confirm').click();
    await id(tab, 'withdrawn').waitFor();
    expect((await id(tab, 'withdrawn').innerText()).includes('удалены не позднее'), 'it says when the recordings are erased');
    return tab;
  });
  await step('Her exam ends in the other form, and the recording stops', async () => {
    await anna.page.getByTestId('step-declined').waitFor();
    await id(anna.page, 'erased').waitFor();
    const now = await attempt(anna.page, facts.anna);
    expect(now.state === 'declined' && now.stateReason === 'consent_withdrawn' && !now.consent.grantedAt, `her attempt is ${now.state}`);
    await until('her connection has ended', proctor.page, `/api/attempts/${facts.anna}/timeline`,
      (timeline) => timeline.events.some((e) => e.kind === 'disconnected'));
    await onPhone(anna.page, 'declined');
    return anna.page;
  });
  await step('The proctor sees it', async () => {
    await proctor.page.waitForFunction(() => document.querySelector('[data-testid="large-state"]')?.textContent?.includes('Согласие отозвано'));
    return proctor.page;
  });
  const office = await person('office');
  await step('The office sees the text’s versions', async () => {
    await office.page.goto(`${config.url}/consent-texts`);
    await signIn(office.page, 'Новиков Захар');
    await id(office.page, 'consent-texts').waitFor();
    await id(office.page, 'text-new').click();
    await id(office.page, 'text-publish').waitFor();
    return office.page;
  });
});
