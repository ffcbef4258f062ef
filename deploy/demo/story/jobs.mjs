// Each of the four does a whole job on a phone held upright (390×844), in Russian. Every page of it is looked at on a large screen (1440×900) as well:
// a picture of each is kept, and on neither is anything wider than the window.
//
// STORY besides what every story gets: media: {right, digits}, exam (a code).
import path from 'node:path';
import { attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, person, play, signIn, step, succeed, until } from './stage.mjs';

const small = { width: 390, height: 844 };
const large = { width: 1440, height: 900 };
let number = 0;

/** One step of a job; the page it returns is kept in both sizes. */
async function job(what, name, act) {
  await step(what, async () => {
    const page = await act();
    number += 1;
    for (const [size, viewport] of Object.entries({ large, small })) {
      await page.setViewportSize(viewport);
      await page.waitForTimeout(300); // what slides has come to rest
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await page.screenshot({ path: path.join(config.pictures, `${size}-${String(number).padStart(2, '0')}-${name}.png`) });
      expect(wide <= 0, `${name} fits (${size}, ${wide} px too wide)`);
    }
    return page;
  });
}

/** Goes to a section as on a phone: by the list behind the header's button. */
async function section(page, to) {
  await id(page, 'sections').click();
  await id(page, `section-${to}`).click();
}

await play(async (facts) => {
  const anna = await person('anna', { camera: config.media.right, phone: true });
  const { page: student } = anna;
  await job('The student opens the exam’s card', 'card', async () => {
    await student.goto(`${config.url}/e/${config.exam}`);
    await id(student, 'exam-card').waitFor();
    return student;
  });
  await job('She signs in; the consent is next', 'consent', async () => {
    await join(anna, 'Смирнова Анна');
    await id(student, 'consent-text').waitFor();
    return student;
  });
  await job('Camera and microphone are checked', 'devices', async () => {
    await consent(anna);
    await student.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
    return student;
  });
  await job('She is ready to be identified', 'identification', async () => {
    await devices(anna);
    await id(student, 'identify-start').waitFor();
    facts.anna = await attemptOf(student);
    return student;
  });
  await job('She is identified and waits to be let in', 'identified', async () => {
    await id(student, 'identify-start').click();
    await succeed(student, 'queue');
    return student;
  });

  const { page: proctor } = await person('proctor', { phone: true });
  await job('The proctor finds the exam among the others', 'exams', async () => {
    await proctor.goto(`${config.url}/proctor`);
    await signIn(proctor, 'Соколова Елена');
    await proctor.locator('[data-testid^="exam-"]').first().waitFor();
    return proctor;
  });
  await job('In the room the list shows who waits first', 'room', async () => {
    await proctor.locator('[data-testid^="exam-"]').first().click();
    await id(proctor, `room-row-${facts.anna}`).waitFor();
    return proctor;
  });
  await job('The proctor sees her live and lets her in', 'admitted-by-proctor', async () => {
    await id(proctor, `room-row-${facts.anna}`).click();
    await id(proctor, 'large-video').waitFor();
    expectLive(await look(proctor, 'large-video'), 'on a phone');
    await id(proctor, 'admit').click();
    await id(student, 'begin-exam').waitFor();
    return proctor;
  });
  await job('She begins the exam, whose questions are within the page', 'exam', async () => {
    await id(student, 'begin-exam').click();
    await id(student, 'exam-bar').waitFor();
    const questions = student.frameLocator('[data-testid="work-frame"]');
    await questions.getByText('Вопрос 1 из 10').waitFor();
    await questions.getByLabel('Ответ').fill('e');
    return student;
  });
  await job('She calls the proctor', 'call', async () => {
    await id(student, 'call-proctor').click();
    await id(student, 'call-technical').click();
    await id(student, 'call-proctor-confirm').click();
    await id(student, 'call-status').waitFor();
    return student;
  });
  await job('The proctor comes, and writes to her', 'chat-proctor', async () => {
    await id(proctor, 'acknowledge-call').click();
    await id(proctor, 'tab-chat').click();
    await id(proctor, 'message-field').fill('Иду к вам. Что не работает?');
    await id(proctor, 'message-field').press('Enter');
    await id(proctor, 'messages').getByText('Иду к вам').waitFor();
    return proctor;
  });
  await job('She reads it and answers', 'chat-student', async () => {
    await id(student, 'open-chat').click();
    await id(student, 'messages').getByText('Иду к вам').waitFor();
    await id(student, 'message-field').fill('Уже всё открылось, спасибо');
    await id(student, 'message-field').press('Enter');
    await id(student, 'messages').getByText('спасибо').waitFor();
    return student;
  });
  await job('The proctor warns her', 'warn', async () => {
    await id(proctor, 'warn').click();
    await proctor.locator('[data-testid^="warning-"]').first().click();
    return proctor;
  });
  await job('The warning stands on her page', 'warned', async () => {
    await id(proctor, 'warn-confirm').click();
    await student.keyboard.press('Escape');
    await id(student, 'own-warning').waitFor();
    return student;
  });
  await job('She hands her work in and has a receipt', 'receipt', async () => {
    await id(student, 'hand-in').click();
    await id(student, 'hand-in-confirm').click();
    await id(student, 'receipt').waitFor();
    return student;
  });
  await job('What is kept of her she can see herself', 'my-file', async () => {
    await student.goto(`${config.url}/my-file`);
    await id(student, 'my-file').waitFor();
    return student;
  });
  await job('The proctor looks at the recording and its events', 'review', async () => {
    await until('the recording is stored', proctor, `/api/attempts/${facts.anna}/recordings`, (answer) => answer.recordings[0]?.segments.length > 0);
    await until('her connection has ended', proctor, `/api/attempts/${facts.anna}/timeline`, (timeline) => timeline.events.some((e) => e.kind === 'disconnected'));
    await proctor.goto(`${config.url}/proctor/attempts/${facts.anna}`);
    await id(proctor, 'review-video').waitFor();
    await proctor.evaluate(() => document.querySelector('[data-testid="review-video"]')?.play?.());
    expectLive(await look(proctor, 'review-video'), 'the recording on a phone');
    return proctor;
  });
  await job('And says what came of it', 'conclusion', async () => {
    await id(proctor, 'tab-result').click();
    await id(proctor, 'result-no_violation').click();
    await id(proctor, 'conclude').click();
    await proctor.locator('[data-testid="conclusion-panel"]:not([data-result=""])').scrollIntoViewIfNeeded();
    return proctor;
  });

  const { page: registrar } = await person('registrar', { phone: true });
  await job('The registrar opens the log', 'log', async () => {
    await registrar.goto(`${config.url}/log`);
    await signIn(registrar, 'Лебедева Жанна');
    await id(registrar, 'log-table').waitFor();
    return registrar;
  });
  await job('She reads the record of the identification with its proof', 'record', async () => {
    await registrar.goto(`${config.url}/log?type=identification`);
    await registrar.locator('[data-testid^="log-row-"]').first().click();
    await id(registrar, 'log-record').waitFor();
    return registrar;
  });
  await job('She takes the table away', 'export', async () => {
    await registrar.keyboard.press('Escape');
    await id(registrar, 'log-record').waitFor({ state: 'detached' });
    const [download] = await Promise.all([registrar.waitForEvent('download'), id(registrar, 'download-csv').click()]);
    expect(download.suggestedFilename().endsWith('.csv'), 'a table came');
    return registrar;
  });
  await job('She sees who is ready for the next exam', 'roster', async () => {
    await section(registrar, 'rosters');
    await registrar.locator('[data-testid^="roster-open-"]').first().click();
    await id(registrar, 'roster-table').waitFor();
    return registrar;
  });
  await job('She looks at what is kept how long', 'retention', async () => {
    await section(registrar, 'retention');
    await id(registrar, 'retention-page').waitFor();
    return registrar;
  });
  await job('No appeal waits', 'appeals', async () => {
    await section(registrar, 'appeals');
    await id(registrar, 'appeals').waitFor();
    return registrar;
  });

  const { page: admin } = await person('admin', { phone: true });
  await job('The administrator opens the people', 'people', async () => {
    await admin.goto(`${config.url}/people`);
    await signIn(admin, 'Новиков Захар');
    await id(admin, 'people-table').waitFor();
    return admin;
  });
  await job('She gives a role', 'role', async () => {
    await admin.locator('[data-testid^="member-open-"]').first().click();
    await id(admin, 'role-proctor').click();
    await until('the role is given', admin, '/api/people?role=proctor', (list) => list.total >= 2);
    return admin;
  });
  await job('She makes an exam', 'exam-form', async () => {
    await admin.keyboard.press('Escape');
    await section(admin, 'rosters');
    await id(admin, 'exam-new').click();
    await id(admin, 'policy-form').waitFor();
    await id(admin, 'exam-title').fill('Физика, пересдача');
    return admin;
  });
  await job('Its roster is next', 'upload', async () => {
    await id(admin, 'exam-save').click();
    await admin.waitForURL('**/rosters/*/upload');
    return admin;
  });
  await job('She checks what the service depends on', 'system', async () => {
    await section(admin, 'system');
    await id(admin, 'check-run-postgres').click();
    await admin.locator('[data-testid="check-postgres"][data-state="ok"]').waitFor();
    return admin;
  });
  await job('And sees who did what', 'audit', async () => {
    await section(admin, 'audit');
    await id(admin, 'audit').waitFor();
    return admin;
  });
  facts.steps = number;
});
