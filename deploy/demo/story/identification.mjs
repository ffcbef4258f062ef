// What may happen around an identification: the verifier does not answer and the page waits; somebody is refused and tries again; somebody else
// sits down during the exam; two members of staff identify by a document. Beside what every story is told (stage.mjs): media: {right, other}
// (files), ebs (the stand's address), people: {anna, boris, vera} (their ESIA oids).
import { config, expect, id, patience, person, phone, play, signIn, step, succeed, until } from './stage.mjs';

/** What the verifier does about a subject from now on; nothing: it compares. */
async function verifier(oid, scenario) {
  const answer = await fetch(`${config.ebs}/scenarios/${oid}`, {
    method: scenario ? 'PUT' : 'DELETE', headers: { 'Content-Type': 'application/json' }, body: scenario ? JSON.stringify({ scenario }) : undefined,
  });
  expect(answer.ok, `the stand takes the scenario ${scenario} (${answer.status})`);
}

/** The student's way up to the identification. */
async function come(student, fullName) {
  const { page } = student;
  await page.goto(`${config.url}/e/demo`);
  await id(page, 'exam-card').waitFor();
  await signIn(page, fullName);
  await id(page, 'exam-card').waitFor();
  await id(page, 'join').click();
}

async function devices(page) {
  await id(page, 'device-continue').waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled'), null, { timeout: patience });
  await id(page, 'device-continue').click();
}

async function prepare(student, fullName) {
  const { page } = student;
  await come(student, fullName);
  await id(page, 'consent-text').waitFor();
  await id(page, 'consent-check').check();
  await id(page, 'consent-grant').click();
  await devices(page);
  await id(page, 'identify-start').waitFor();
}

/** Goes on with an exam that was begun: the page may ask first, or go there by itself. */
async function goOn(page, ...wanted) {
  const there = wanted.slice(1).reduce((any, one) => any.or(id(page, one)), id(page, wanted[0]));
  await there.or(id(page, 'join')).first().waitFor();
  if (await id(page, 'join').isVisible()) await id(page, 'join').click();
  await there.first().waitFor();
}

const attemptOf = async (page) => (await (await page.request.get(`${config.url}/api/join/demo`)).json()).attemptId;
const attempt = async (page, of) => (await page.request.get(`${config.url}/api/attempts/${of}`)).json();

async function watch(name, fullName) {
  const who = await person(name);
  await who.page.goto(`${config.url}/proctor`);
  await signIn(who.page, fullName);
  await who.page.locator('[data-testid^="exam-"]').first().click();
  await id(who.page, 'room').waitFor();
  return who;
}

async function story(facts) {
  const proctor = await watch('proctor', 'Соколова Елена');

  const anna = await person('anna', { camera: config.media.right });
  await step('The verifier does not answer: the page waits, and no try is used', async () => {
    await prepare(anna, 'Смирнова Анна');
    facts.anna = await attemptOf(anna.page);
    await verifier(config.people.anna, '500');
    await id(anna.page, 'identify-start').click();
    await id(anna.page, 'verifier-waiting').waitFor({ timeout: 2 * patience });
    const a = await attempt(anna.page, facts.anna);
    expect(a.state === 'ready' && a.triesLeft === a.triesTotal && a.waiting?.then === 'manual', `she waits (${a.state}, ${a.triesLeft} tries, ${JSON.stringify(a.waiting)})`);
    await phone(anna.page, 'verifier-waiting');
    return anna.page;
  });
  await step('The proctor sees that she waits', async () => {
    await id(proctor.page, `room-row-${facts.anna}`).filter({ hasText: 'Ждёт ответа биометрической системы' }).waitFor();
    return proctor.page;
  });
  await step('Her place is kept when she reloads', async () => {
    await anna.page.reload();
    await id(anna.page, 'verifier-waiting').or(id(anna.page, 'instruction')).first().waitFor({ timeout: 2 * patience });
    return anna.page;
  });
  await step('The verifier answers again: the page goes on by itself, up to the admission', async () => {
    await verifier(config.people.anna);
    await id(anna.page, 'instruction').waitFor({ timeout: 2 * patience });
    await succeed(anna.page, 'begin-exam');
    const a = await attempt(anna.page, facts.anna);
    expect(a.state === 'admitted' && a.waiting === undefined, `admitted (${a.state})`);
    await id(anna.page, 'begin-exam').click();
    await id(anna.page, 'exam-bar').waitFor();
    return anna.page;
  });

  await step('The proctor has her checked during the exam; she does not notice', async () => {
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await id(proctor.page, 'identify-again-now').click();
    await until('the check is decided', proctor.page, `/api/attempts/${facts.anna}`, (a) => a.lastIdentification?.kind === 'again');
    const a = await attempt(proctor.page, facts.anna);
    expect(a.lastIdentification.outcome === 'match' && a.state === 'in_progress', `she is still she (${a.lastIdentification.outcome}, ${a.lastIdentification.reason})`);
    expect(await id(anna.page, 'exam-bar').isVisible(), 'the exam goes on');
    return proctor.page;
  });

  const stranger = await person('stranger', { camera: config.media.other });
  await step('Somebody else goes on with her exam: the proctor is alarmed within 15 seconds', async () => {
    await stranger.page.goto(`${config.url}/e/demo`);
    await signIn(stranger.page, 'Смирнова Анна');
    await goOn(stranger.page, 'exam-bar', 'step-again');
    await until('he is connected', proctor.page, `/api/attempts/${facts.anna}/timeline`, ({ events }) => events.filter((e) => e.kind === 'connected').length >= 3);
    const at = Date.now();
    await id(proctor.page, 'identity-alarm').waitFor();
    facts.alarmSeconds = (Date.now() - at) / 1000;
    expect(facts.alarmSeconds < 15, `alarmed after ${facts.alarmSeconds} s`);
    await id(proctor.page, `room-row-${facts.anna}`).filter({ hasText: 'другой человек' }).waitFor();
    await phone(proctor.page, 'alarm');
    return proctor.page;
  });
  await step('He is asked for face and digits, and fails', async () => {
    await id(stranger.page, 'step-again').waitFor();
    await phone(stranger.page, 'again');
    await id(stranger.page, 'identify-start').click();
    await id(stranger.page, 'identify-again').waitFor({ timeout: 2 * patience });
    const a = await attempt(stranger.page, facts.anna);
    expect(a.again?.alarmAt && a.lastIdentification.outcome === 'no_match' && a.state === 'in_progress', `he is not she (${a.lastIdentification.outcome})`);
    return stranger.page;
  });
  await step('She comes back, shows who she is, and the alarm ends', async () => {
    await stranger.context.close();
    await anna.page.goto(`${config.url}/e/demo`);
    await goOn(anna.page, 'identify-start');
    await anna.page.waitForFunction(() => !document.querySelector('[data-testid="identify-start"]')?.hasAttribute('disabled'), null, { timeout: patience });
    await id(anna.page, 'identify-start').click();
    await succeed(anna.page, 'exam-bar');
    await id(proctor.page, 'identity-alarm').waitFor({ state: 'detached' });
    return anna.page;
  });
  await anna.context.close();

  const boris = await person('boris', { camera: config.media.right });
  await step('A student is refused, with a reason and the tries that are left', async () => {
    await prepare(boris, 'Кузнецов Борис');
    facts.boris = await attemptOf(boris.page);
    await verifier(config.people.boris, 'no_match');
    await id(boris.page, 'identify-start').click();
    await id(boris.page, 'tries-left').waitFor({ timeout: 2 * patience });
    const a = await attempt(boris.page, facts.boris);
    expect(a.state === 'ready' && a.triesLeft === a.triesTotal - 1, `refused (${a.state}, ${a.triesLeft} tries)`);
    return boris.page;
  });
  await step('He tries again and is admitted', async () => {
    await verifier(config.people.boris);
    await id(boris.page, 'identify-again').click();
    await id(boris.page, 'identify-again').waitFor({ state: 'detached' });
    await succeed(boris.page, 'begin-exam');
    return boris.page;
  });
  await boris.context.close();

  const vera = await person('vera', { camera: config.media.right });
  const second = await watch('second', 'Морозов Иван');
  await step('The proctor takes a student over from the verifier; she is asked for her document', async () => {
    await prepare(vera, 'Попова Вера');
    facts.vera = await attemptOf(vera.page);
    await id(proctor.page, `room-row-${facts.vera}`).click();
    await id(proctor.page, 'begin-manual').click();
    await id(proctor.page, 'why-not_enrolled').check();
    await proctor.page.screenshot({ path: `${config.pictures}/begin-manual.png` });
    await id(proctor.page, 'begin-manual-confirm').click();
    await id(vera.page, 'manual-progress').waitFor();
    await phone(vera.page, 'manual-document');
    return vera.page;
  });
  await step('The first member of staff compares and confirms', async () => {
    await id(proctor.page, 'manual-panel').waitFor();
    expect(await id(proctor.page, 'manual-confirm').isDisabled(), 'nothing can be confirmed before it was compared');
    await id(proctor.page, 'compared-face').check();
    await id(proctor.page, 'compared-name').check();
    await proctor.page.screenshot({ path: `${config.pictures}/manual-first.png` });
    await phone(proctor.page, 'manual-panel');
    await id(proctor.page, 'manual-confirm').click();
    await proctor.page.locator('[data-testid="manual-panel"][data-step="waiting"]').waitFor();
    const again = await proctor.page.request.post(`${config.url}/api/attempts/${facts.vera}/manual/confirm`, { data: { document: 'passport', compared: ['face', 'name'] } });
    facts.samePerson = again.status();
    expect((await attempt(proctor.page, facts.vera)).state === 'manual_identification', 'one person is not enough');
    await vera.page.locator('[data-testid="manual-progress"][data-first="confirmed"]').waitFor();
    return proctor.page;
  });
  await step('A second one confirms: she is admitted', async () => {
    await id(second.page, `room-row-${facts.vera}`).click();
    await second.page.locator('[data-testid="manual-panel"][data-step="second"]').waitFor();
    await id(second.page, 'compared-face').check();
    await id(second.page, 'compared-name').check();
    await second.page.screenshot({ path: `${config.pictures}/manual-second.png` });
    await id(second.page, 'manual-confirm').click();
    await id(vera.page, 'begin-exam').waitFor();
    return vera.page;
  });
}

await play(story);
