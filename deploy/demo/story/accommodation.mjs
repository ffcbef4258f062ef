// A student who cannot speak and needs more time: the registrar says so on the roster's page, and never why; the student is told on her card, nobody waits for
// her voice, her face alone identifies her where others read digits; the proctor sees it in words. Beside what every story is told (stage.mjs): media (files).
import { attempt, attemptOf, consent, expectLive, join, look } from './sitting.mjs';
import { accessible, config, expect, id, person, phone, play, signIn, step, succeed } from './stage.mjs';

async function story(facts) {
  const registrar = await person('registrar');
  const proctor = await person('proctor');
  const anna = await person('anna', { camera: config.media.right, mute: true });

  await step('The registrar opens the roster and says what is done differently', async () => {
    const { page } = registrar;
    await page.goto(`${config.url}/rosters`);
    await signIn(page, 'Лебедева Жанна');
    const { exams } = await (await page.request.get(`${config.url}/api/exams`)).json();
    facts.exam = exams.find((e) => e.code === 'demo').id;
    await page.goto(`${config.url}/rosters/${facts.exam}`);
    const row = page.locator('[data-testid^="roster-row-"]', { hasText: 'Смирнова Анна' });
    facts.person = (await row.getAttribute('data-testid')).replace('roster-row-', '');
    await id(page, `accommodate-${facts.person}`).click();
    await id(page, 'accommodation-more').waitFor();
    await page.getByTestId('accommodation-no-voice').check();
    await id(page, 'accommodation-more').fill('30');
    return page;
  });

  await step('It is saved, and stands in the roster', async () => {
    const { page } = registrar;
    await accessible(page, 'the form of an accommodation');
    await phone(page, 'accommodation-form');
    await id(page, 'accommodation-confirm').click();
    await page.locator(`[data-testid="accommodate-${facts.person}"]`, { hasText: '+30 мин, без голоса' }).waitFor();
    await accessible(page, 'the roster');
    await phone(page, 'roster');
    return page;
  });

  await step('The student reads it on her card', async () => {
    await anna.page.goto(`${config.url}/e/demo`);
    await id(anna.page, 'exam-card').waitFor();
    expect((await id(anna.page, 'my-accommodation').count()) === 0, 'a stranger is told nothing');
    await signIn(anna.page, 'Смирнова Анна');
    await id(anna.page, 'my-accommodation').waitFor();
    await accessible(anna.page, 'her card');
    await phone(anna.page, 'card');
    return anna.page;
  });

  await step('Nobody waits for her voice', async () => {
    await id(anna.page, 'join').click();
    await consent(anna);
    const next = anna.page.locator('[data-testid="device-continue"]:not([disabled])');
    await next.waitFor();
    await accessible(anna.page, 'the check of her devices');
    await phone(anna.page, 'devices');
    return anna.page;
  });

  await step('She is asked for her face alone', async () => {
    await id(anna.page, 'device-continue').click();
    await id(anna.page, 'identify-start').waitFor();
    await phone(anna.page, 'identification');
    return anna.page;
  });

  await step('Her face identifies her, although the exam compares voices', async () => {
    await anna.page.evaluate(() => {
      window.digitsSeen = 0;
      new MutationObserver(() => {
        if (document.querySelector('[data-testid="challenge-digits"]')) window.digitsSeen += 1;
      }).observe(document.body, { childList: true, subtree: true });
    });
    await id(anna.page, 'identify-start').click();
    await succeed(anna.page, 'begin-exam');
    expect((await anna.page.evaluate(() => window.digitsSeen)) === 0, 'no digit was shown to her');
    facts.anna = await attemptOf(anna.page);
    await id(anna.page, 'begin-exam').click();
    await id(anna.page, 'exam-bar').waitFor();
    const now = await attempt(anna.page, facts.anna);
    expect(Date.parse(now.endsAt) - Date.parse(now.exam.endsAt) === 30 * 60_000, 'her exam ends 30 minutes later');
    return anna.page;
  });

  await step('The proctor sees it in words', async () => {
    const { page } = proctor;
    await page.goto(`${config.url}/proctor`);
    await signIn(page, 'Соколова Елена');
    await page.locator('[data-testid^="exam-"]').first().click();
    await id(page, `room-row-${facts.anna}`).click();
    await id(page, 'accommodation').first().waitFor();
    expect((await id(page, 'accommodation').allTextContents()).join('; ') === 'больше времени: +30 мин; без голоса', 'both are told');
    await accessible(page, 'the room');
    expectLive(await look(page, 'large-video'), 'she');
    await phone(page, 'wall');
    return page;
  });
}

await play(story);
