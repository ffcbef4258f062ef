// What is recorded beside camera and microphone: a student shares her whole screen and scans a code with her phone, which becomes a second camera; a
// proctor sees all three; the screen and the phone are lost and come back, and the review plays all of it in step. STORY also has: media.
import { attempt, attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, patience, person, phone, play, signIn, step, succeed, until } from './stage.mjs';

/** Runs in the page: keeps the screens that were shared, so that one can be ended as the browser's own button does. */
function rememberScreens() {
  const media = navigator.mediaDevices;
  if (!media) return;
  const original = media.getDisplayMedia.bind(media);
  window.screensOfThePage = [];
  media.getDisplayMedia = async (wanted) => {
    const stream = await original(wanted);
    window.screensOfThePage.push(stream);
    return stream;
  };
  window.stopSharing = () => {
    const track = window.screensOfThePage.at(-1).getVideoTracks()[0];
    track.stop();
    track.dispatchEvent(new Event('ended'));
  };
}

const screens = ['--use-fake-device-for-media-stream=display-media-type=monitor'];

/** She scans the code that the page shows: opens its link on a phone, and allows the camera. */
async function scan(page, name, camera) {
  const held = await person(name, { camera, phone: true, mute: true });
  await id(page, 'phone-link').waitFor();
  await held.page.goto(await id(page, 'phone-link').getAttribute('data-link'));
  await id(held.page, 'phone-open').waitFor();
  await held.page.screenshot({ path: `${config.pictures}/${name}-start.png` });
  expect(!held.page.url().includes('#'), 'the code is taken out of the address');
  await id(held.page, 'phone-open').click();
  await held.page.locator('[data-testid="phone-page"][data-phase="live"]').waitFor({ timeout: 2 * patience });
  await held.page.screenshot({ path: `${config.pictures}/${name}-live.png` });
  return held;
}

/** Runs in the page: how far, in seconds of the real time at which they were recorded, the players are apart. */
function apart(begun) {
  const times = [...document.querySelectorAll('video[data-recording]')].map((video) => begun[video.dataset.recording] / 1000 + video.currentTime);
  return { players: times.length, seconds: Math.max(...times) - Math.min(...times), times };
}

const lost = ({ events }) => events.filter((event) => event.kind === 'screen_lost');

async function story(facts) {
  const registrar = await person('registrar', {});
  await step('The registrar wants the screen and a phone recorded, and less of the camera', async () => {
    const { page } = registrar;
    await page.goto(`${config.url}/rosters`);
    await signIn(page, 'Лебедева Жанна');
    await page.goto(`${config.url}/rosters`);
    await page.locator('[data-testid^="exam-edit-"]').first().click();
    await id(page, 'policy-form').waitFor();
    await id(page, 'policy-screen').check();
    await id(page, 'policy-phone').check();
    await id(page, 'policy-rate-high').fill('700');
    await id(page, 'policy-screen').scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${config.pictures}/form.png` });
    await phone(page, 'form');
    await id(page, 'exam-save').click();
    await until('the rules are stored', page, '/api/join/demo', (card) => ['camera', 'microphone', 'screen', 'phone'].every((one) => card.recorded.includes(one)));
    return page;
  });
  const anna = await person('anna', { camera: config.media.right, more: screens, init: { script: rememberScreens } });
  const { page } = anna;
  await step('The card says that the screen is recorded', async () => {
    await page.goto(`${config.url}/e/demo`);
    await id(page, 'exam-card').getByText('экран', { exact: false }).first().waitFor();
    await phone(page, 'card');
    return page;
  });
  await step('After camera and microphone she is asked for her screen', async () => {
    await join(anna, 'Смирнова Анна');
    await consent(anna);
    facts.attempt = await attemptOf(page);
    await devices(anna);
    await id(page, 'share-screen').waitFor();
    await phone(page, 'screen');
    return page;
  });
  await step('She shares it and goes on', async () => {
    await id(page, 'share-screen').click();
    await id(page, 'screen-view').waitFor();
    await page.screenshot({ path: `${config.pictures}/shared.png` });
    await id(page, 'phone-qr').waitFor();
    return page;
  });
  let held;
  await step('She scans the code with her phone, and the page goes on', async () => {
    await phone(page, 'code');
    held = await scan(page, 'phone', config.media.other);
    await id(page, 'identify-start').waitFor({ timeout: 2 * patience });
    return held.page;
  });
  await step('After a reload the browser asks again, at the same step', async () => {
    await page.reload();
    await id(page, 'share-screen').click();
    await id(page, 'identify-start').waitFor({ timeout: 2 * patience });
    return page;
  });

  const proctor = await person('proctor', {});
  await step('The proctor sees her camera, her screen and her phone', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    await id(proctor.page, `room-row-${facts.attempt}`).click();
    await id(proctor.page, 'large-screen').waitFor({ timeout: 2 * patience });
    expectLive(await look(proctor.page, 'large-video'), 'her camera');
    const seen = await look(proctor.page, 'large-screen');
    expect(seen.width >= 320 && seen.frames >= 1 && seen.mean > 5, `her screen: ${JSON.stringify(seen)}`);
    await id(proctor.page, 'large-phone').waitFor();
    expectLive(await look(proctor.page, 'large-phone'), 'her phone');
    return proctor.page;
  });
  await step('She is identified and begins', async () => {
    await id(page, 'identify-start').click();
    await succeed(page, 'begin-exam');
    await id(page, 'begin-exam').click();
    await page.locator('[data-testid="screen-state"][data-shared="true"]').waitFor();
    return page;
  });
  await step('The share is stopped: she is told, and the camera goes on', async () => {
    await page.evaluate(() => window.stopSharing());
    await id(page, 'screen-lost').waitFor();
    expect((await id(page, 'screen-state').getAttribute('data-shared')) === 'false', 'the bar says so');
    expect((await id(page, 'recording-state').getAttribute('data-live')) === 'true', 'the camera goes on');
    await phone(page, 'lost');
    return page;
  });
  await step('The proctor sees that there is no screen, and an event says since when', async () => {
    await proctor.page.locator('[data-testid="large-screen-place"][data-shared="false"]').waitFor();
    await until('the loss is an event', proctor.page, `/api/attempts/${facts.attempt}/timeline`, (t) => lost(t).length === 1);
    expectLive(await look(proctor.page, 'large-video'), 'her camera without the screen');
    return proctor.page;
  });
  await step('One click shares it again', async () => {
    await id(page, 'screen-again').click();
    await page.locator('[data-testid="screen-state"][data-shared="true"]').waitFor();
    await id(proctor.page, 'large-screen').waitFor();
    const seen = await look(proctor.page, 'large-screen');
    expect(seen.width >= 320 && seen.frames >= 1, `her screen again: ${JSON.stringify(seen)}`);
    expect((await attempt(page, facts.attempt)).state === 'in_progress', 'the exam went on');
    await page.waitForTimeout(12_000); // a segment of it
    await phone(page, 'exam');
    return page;
  });
  await step('The phone’s page is reloaded: one touch and it goes on', async () => {
    await held.page.reload();
    await id(held.page, 'phone-open').click();
    await held.page.locator('[data-testid="phone-page"][data-phase="live"]').waitFor({ timeout: 2 * patience });
    return held.page;
  });
  await step('Another phone takes over, and the first is told', async () => {
    await held.page.close();
    await id(page, 'phone-missing').waitFor({ timeout: 2 * patience });
    await phone(page, 'phone-missing');
    await id(page, 'phone-code').click();
    held = await scan(page, 'second', config.media.right);
    await page.keyboard.press('Escape');
    await id(page, 'phone-missing').waitFor({ state: 'detached' });
    const before = held;
    // A third one while the second still sends: she asks for a code as her page does.
    const code = await page.request.post(`${config.url}/api/attempts/${facts.attempt}/phone-code`, { data: {} });
    const { link } = await code.json();
    held = await person('third', { camera: config.media.other, phone: true, mute: true });
    await held.page.goto(link);
    await id(held.page, 'phone-open').click();
    await held.page.locator('[data-testid="phone-page"][data-phase="live"]').waitFor({ timeout: 2 * patience });
    await before.page.locator('[data-testid="phone-end"][data-phase="replaced"]').waitFor();
    await before.page.screenshot({ path: `${config.pictures}/replaced.png` });
    await page.waitForTimeout(12_000); // a segment of it
    return page;
  });
  await step('She hands in', async () => {
    await id(page, 'hand-in').click();
    await id(page, 'hand-in-confirm').click();
    await id(page, 'receipt').getByText('экран', { exact: false }).first().waitFor();
    await until('all is stored', proctor.page, `/api/attempts/${facts.attempt}/recordings`, (r) =>
      ['camera', 'screen', 'phone'].every((kind) => (r.recordings.find((one) => one.kind === kind)?.segments.length ?? 0) >= 2));
    await held.page.locator('[data-testid="phone-end"][data-phase="over"]').waitFor();
    await held.page.screenshot({ path: `${config.pictures}/over.png` });
    return page;
  });
  await step('The review plays camera, screen and phone in step', async () => {
    await proctor.page.goto(`${config.url}/proctor/attempts/${facts.attempt}`);
    await id(proctor.page, 'review-video-screen').waitFor();
    await id(proctor.page, 'review-video-phone').waitFor();
    await proctor.page.waitForTimeout(1_500);
    // The last ten seconds: there all three were recorded without a gap.
    await id(proctor.page, 'review-video').evaluate((video) => {
      video.currentTime = video.duration - 11;
    });
    await proctor.page.keyboard.press('Space');
    await proctor.page.waitForTimeout(1_500);
    // A jump while they play is what brings players apart.
    await id(proctor.page, 'review-video').evaluate((video) => {
      video.currentTime = video.duration - 10.5;
    });
    const { recordings } = await (await proctor.page.request.get(`${config.url}/api/attempts/${facts.attempt}/recordings`)).json();
    const begun = Object.fromEntries(recordings.map((one) => [one.id, Date.parse(one.startedAt)]));
    const players = () => proctor.page.evaluate(apart, begun);
    facts.playing = [];
    await proctor.page.waitForTimeout(1_000); // all are on their way to the new place
    while (facts.playing.length < 15) {
      facts.playing.push((await players()).seconds);
      await proctor.page.waitForTimeout(200);
    }
    await proctor.page.keyboard.press('Space');
    for (const end = Date.now() + patience; ; await proctor.page.waitForTimeout(100)) {
      const now = await players();
      expect(now.players === 3, 'three players');
      facts.paused = now.seconds;
      if (now.seconds <= 0.1) break;
      expect(Date.now() < end, `where it is paused the three are within 100 ms: ${JSON.stringify(now)}`);
    }
    await phone(proctor.page, 'review');
    return proctor.page;
  });
}

await play(story);
