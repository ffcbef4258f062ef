// The story without a mouse: the student, the proctor, the registrar and the administrator do their main job with Tab, Enter, Space, arrows and
// letters alone. What has the focus must be seen to have it.
//
// STORY besides what every story gets: media: {right, digits}, exam (a code), states (by step: exam, code, attempt).
import { config, expect, id, person, play, step, tellRefusal } from './stage.mjs';

const most = 120; // presses of Tab to whatever is looked for

/** What has the focus now: whether it is the wanted one, and whether that is seen. */
const focused = (page, wanted) => page.evaluate(({ testId, text }) => {
  const at = document.activeElement;
  if (!at || at === document.body) return { found: false };
  const found = testId !== undefined ? at.closest(`[data-testid^="${testId}"]`) !== null : at.textContent.includes(text);
  const style = getComputedStyle(at);
  const ringed = !['A', 'BUTTON'].includes(at.tagName) || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return { found, ringed, what: at.outerHTML.slice(0, 120) };
}, wanted);

/** Goes on with Tab until the wanted element has the focus. */
async function reach(page, wanted) {
  if (wanted.testId !== undefined) await page.locator(`[data-testid^="${wanted.testId}"]`).first().waitFor();
  for (let presses = 0; presses < most; presses += 1) {
    const now = await focused(page, wanted);
    if (now.found) {
      expect(now.ringed, `the focus is seen on ${now.what}`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${JSON.stringify(wanted)} cannot be reached with Tab`);
}

async function press(page, testId, key = 'Enter') {
  await reach(page, { testId });
  await page.keyboard.press(key);
}

async function signIn(page, fullName) {
  await press(page, 'sign-in');
  await page.waitForURL((url) => !url.href.startsWith(config.url));
  await reach(page, { text: fullName });
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.href.startsWith(config.url));
}

await play(async (facts) => {
  const student = await person('student', { camera: config.media.right });
  await step('The student signs in, consents and checks her devices', async () => {
    const { page } = student;
    await page.goto(`${config.url}/e/${config.exam}`);
    await signIn(page, 'Смирнова Анна');
    await press(page, 'join');
    await press(page, 'consent-check', 'Space');
    await press(page, 'consent-grant');
    await page.waitForFunction(() => document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled') === false);
    await press(page, 'device-continue');
    return page;
  });
  await step('She is identified and begins the exam', async () => {
    const { page } = student;
    await press(page, 'identify-start');
    for (let tries = 0; ; tries += 1) { // a digit said too late, on a busy machine
      await id(page, 'begin-exam').or(id(page, 'identify-again')).first().waitFor({ timeout: 150_000 });
      if (await id(page, 'begin-exam').isVisible()) break;
      expect(tries < 3, 'she is believed');
      await tellRefusal(page);
      await press(page, 'identify-again');
      await id(page, 'identify-again').waitFor({ state: 'detached' });
    }
    await press(page, 'begin-exam');
    await id(page, 'exam-bar').waitFor();
    return page;
  });
  await step('She hands in and has her receipt', async () => {
    const { page } = student;
    await press(page, 'hand-in');
    await press(page, 'hand-in-confirm');
    await id(page, 'receipt').waitFor();
    return page;
  });

  const proctor = await person('proctor');
  await step('The proctor opens a room, chooses a student and ends her exam with a reason', async () => {
    const { page } = proctor;
    await page.goto(`${config.url}/proctor`);
    await signIn(page, 'Соколова Елена');
    await press(page, `exam-${config.states.devices.exam}`);
    await press(page, `room-row-${config.states.devices.attempt}`);
    await id(page, 'large-student').waitFor();
    await press(page, 'terminate');
    await reach(page, { testId: 'reason-' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await press(page, 'terminate-confirm');
    await page.locator(`[data-testid="room-row-${config.states.devices.attempt}"][data-state="terminated"]`).waitFor();
    return page;
  });
  await step('The proctor opens what was recorded', async () => {
    const { page } = proctor;
    await press(page, 'open-review');
    await id(page, 'review-state').waitFor();
    return page;
  });

  const registrar = await person('registrar');
  await step('The registrar filters the log, reads a record and takes the table away', async () => {
    const { page } = registrar;
    await page.goto(`${config.url}/log`);
    await signIn(page, 'Лебедева Жанна');
    await reach(page, { testId: 'filter-type' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/log?type=identification');
    await press(page, 'log-row-');
    await id(page, 'log-record').waitFor();
    await page.keyboard.press('Escape');
    await id(page, 'log-record').waitFor({ state: 'detached' });
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'download-csv')]);
    facts.table = download.suggestedFilename();
    return page;
  });

  const administrator = await person('administrator');
  await step('The administrator makes an exam', async () => {
    const { page } = administrator;
    await page.goto(`${config.url}/rosters`);
    await signIn(page, 'Новиков Захар');
    await press(page, 'exam-new');
    await reach(page, { testId: 'exam-title' });
    await page.keyboard.type('Линейная алгебра');
    await press(page, 'exam-save');
    await page.waitForURL('**/rosters/*/upload');
    return page;
  });
});
