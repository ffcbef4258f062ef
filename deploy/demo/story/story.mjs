// The browser story: a student identified, another face refused, an empty picture stopped, the proctor watching and ending, the registrar
// exporting. Beside what every story is told (stage.mjs): media: {right, other, empty, voice} (files), downloads (a folder).
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { attempt, attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, person, play, signIn, step, succeed, until } from './stage.mjs';

mkdirSync(config.downloads, { recursive: true });

async function story(facts) {
  const proctor = await person('proctor');
  await step('The proctor signs in through ESIA and opens the room', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    return proctor.page;
  });

  const anna = await person('anna', { camera: config.media.right });
  await step('The student opens the link and signs in through ESIA', async () => {
    await join(anna, 'Смирнова Анна');
    await id(anna.page, 'consent-text').waitFor();
    facts.anna = await attemptOf(anna.page);
    return anna.page;
  });
  await step('She reads and grants the consent', async () => {
    await consent(anna);
    await id(anna.page, 'device-continue').waitFor();
    expect((await attempt(anna.page, facts.anna)).consent.grantedAt, 'the consent is stored');
    return anna.page;
  });
  await step('Camera and microphone are checked', async () => {
    await page_ready(anna.page);
    return anna.page;
  });
  await step('Picture and sound reach the server', async () => {
    await devices(anna);
    await id(anna.page, 'identify-start').waitFor();
    return anna.page;
  });
  await step('The server asks for digits; she reads them aloud', async () => {
    await id(anna.page, 'identify-start').click();
    await id(anna.page, 'challenge-digits').waitFor({ timeout: 60_000 });
    await anna.page.locator('[data-testid="challenge-digits"][data-shown="2"]').waitFor();
    await anna.page.screenshot({ path: path.join(config.pictures, 'digits.png') });
    await succeed(anna.page, 'begin-exam');
    const a = await attempt(anna.page, facts.anna);
    expect(a.state === 'admitted', `she is admitted (${a.state}, ${a.lastIdentification?.reason})`);
    expect(a.lastIdentification.score.overall >= a.threshold, 'her score is above the threshold');
    facts.annaIdentification = a.lastIdentification;
    return anna.page;
  });
  await step('She is admitted and begins the exam', async () => {
    await id(anna.page, 'begin-exam').click();
    await id(anna.page, 'exam-bar').waitFor();
    return anna.page;
  });
  await step('The proctor sees her live, moving and not black, with the score', async () => {
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await id(proctor.page, 'large-video').waitFor();
    facts.live = await look(proctor.page, 'large-video');
    expectLive(facts.live, 'the live picture');
    const panel = await id(proctor.page, 'large-student').innerText();
    expect(/0[,.]9999|1[,.]0|100/.test(panel) || panel.includes(String(facts.annaIdentification.score.overall).replace('.', ',')), `the score is shown (${panel.slice(0, 400)})`);
    return proctor.page;
  });

  const boris = await person('boris', { camera: config.media.other });
  await step('Another face joins under a student’s name', async () => {
    await join(boris, 'Кузнецов Борис');
    await consent(boris);
    await devices(boris);
    facts.boris = await attemptOf(boris.page);
    await id(boris.page, 'identify-start').waitFor();
    return boris.page;
  });
  await step('He is refused with a reason and not admitted', async () => {
    await id(boris.page, 'identify-start').click();
    await id(boris.page, 'identification-result').first().waitFor();
    const a = await attempt(boris.page, facts.boris);
    expect(a.state === 'ready' && a.lastIdentification.outcome === 'no_match', `refused (${a.state}, ${a.lastIdentification?.outcome})`);
    expect((await boris.page.innerText('body')).includes(a.lastIdentification.message.ru), 'the reason is on the page');
    expect(a.triesLeft === a.triesTotal - 1, 'a try was used');
    facts.borisIdentification = a.lastIdentification;
    return boris.page;
  });
  await step('The proctor sees the refusal', async () => {
    await id(proctor.page, `room-row-${facts.boris}`).click();
    await proctor.page.waitForFunction((text) => document.querySelector('[data-testid="large-student"]')?.textContent?.includes(text), facts.borisIdentification.message.ru.slice(0, 30));
    return proctor.page;
  });

  const vera = await person('vera', { camera: config.media.empty });
  await step('An empty picture is stopped by the quality gate with a helpful message', async () => {
    await join(vera, 'Попова Вера');
    await consent(vera);
    await devices(vera);
    facts.vera = await attemptOf(vera.page);
    await id(vera.page, 'identify-start').click();
    await id(vera.page, 'hint').waitFor();
    await vera.page.screenshot({ path: path.join(config.pictures, 'hint.png') });
    await id(vera.page, 'identification-result').first().waitFor({ timeout: 60_000 });
    const a = await attempt(vera.page, facts.vera);
    expect(a.state === 'ready' && a.lastIdentification.outcome === 'quality', `stopped by the gate (${a.lastIdentification?.outcome})`);
    expect(a.triesLeft === a.triesTotal, 'no try was used');
    expect((await vera.page.innerText('body')).includes(a.lastIdentification.message.ru), 'the message is on the page');
    facts.veraIdentification = a.lastIdentification;
    return vera.page;
  });

  await step('A stranger signs in and is not let in', async () => {
    const stranger = await person('stranger');
    await stranger.page.goto(`${config.url}/e/demo`);
    await signIn(stranger.page, 'Орлов Демьян');
    await id(stranger.page, 'sign-in-problem').waitFor();
    expect((await id(stranger.page, 'sign-in-problem').getAttribute('data-code')) === 'person_unknown', 'the page explains');
    return stranger.page;
  });
  await step('A student may not see another student’s attempt, nor the log', async () => {
    for (const url of [`/api/attempts/${facts.anna}`, '/api/log', '/api/exams']) {
      const answer = await boris.page.request.get(config.url + url);
      expect(answer.status() === 403, `GET ${url} is forbidden (${answer.status()})`);
      expect((await answer.json()).code === 'forbidden', 'with a code');
    }
    const closed = await boris.page.evaluate((of) => new Promise((resolve) => {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/attempts/${of}/connection`);
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('refused');
    }), facts.anna);
    expect(closed === 'refused', 'the socket of another attempt is refused');
    // The browser complains of that refusal on its console, as it must; of nothing else.
    const told = boris.complaints.splice(0);
    expect(told.every((text) => text.includes('Unexpected response code: 403')), told.join('; '));
    return boris.page;
  });

  await step('The proctor ends the exam', async () => {
    await id(proctor.page, 'end-exam').click();
    await id(proctor.page, 'end-exam-confirm').click();
    await id(anna.page, 'receipt').waitFor();
    expect((await attempt(anna.page, facts.anna)).state === 'finished', 'her attempt is finished');
    return proctor.page;
  });
  await step('The student has a receipt', async () => anna.page);
  await step('The recording plays in the proctor’s browser', async () => {
    // The end of the recording is stored a moment after the exam ended.
    await until('the recording is stored', proctor.page, `/api/attempts/${facts.anna}/recordings`, (answer) => answer.recordings[0]?.segments.length > 0);
    await until('her connection has ended', proctor.page, `/api/attempts/${facts.anna}/timeline`,
      (timeline) => timeline.events.some((e) => e.kind === 'disconnected'));
    await proctor.page.goto(`${config.url}/proctor/attempts/${facts.anna}`);
    await id(proctor.page, 'review-video').waitFor();
    await proctor.page.evaluate(() => document.querySelector('[data-testid="review-video"]')?.play?.());
    facts.playback = await look(proctor.page, 'review-video');
    expectLive(facts.playback, 'the recording');
    return proctor.page;
  });
  await step('A click on an event jumps to its place in the recording', async () => {
    const time = () => proctor.page.evaluate(() => {
      const element = document.querySelector('[data-testid="review-video"]');
      return (element instanceof HTMLVideoElement ? element : element.querySelector('video')).currentTime;
    });
    const before = await time();
    await id(proctor.page, 'events').locator('button[data-playable="true"]').last().click();
    await proctor.page.waitForFunction(({ before }) => {
      const element = document.querySelector('[data-testid="review-video"]');
      const video = element instanceof HTMLVideoElement ? element : element.querySelector('video');
      return video.currentTime > before + 5 && !video.seeking;
    }, { before });
    facts.jump = { before, after: await time() };
    return proctor.page;
  });

  const registrar = await person('registrar');
  await step('The registrar opens the log and filters by the exam', async () => {
    await registrar.page.goto(`${config.url}/log`);
    await signIn(registrar.page, 'Лебедева Жанна');
    await id(registrar.page, 'log-table').waitFor();
    await registrar.page.goto(`${config.url}/log?exam=${facts.annaExam ?? (await attempt(anna.page, facts.anna)).examId}&type=identification`);
    await id(registrar.page, 'log-table').getByText('Смирнова Анна').first().waitFor();
    return registrar.page;
  });
  await step('She downloads CSV and JSON Lines', async () => {
    for (const [button, file] of [['download-csv', 'log.csv'], ['download-jsonl', 'log.jsonl']]) {
      if (button === 'download-jsonl') await id(registrar.page, 'download-more').click();
      const [download] = await Promise.all([registrar.page.waitForEvent('download'), id(registrar.page, button).click()]);
      await download.saveAs(path.join(config.downloads, file));
    }
    return registrar.page;
  });
}

async function page_ready(page) {
  await page.waitForFunction(() => !document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled'));
}

await play(story);
