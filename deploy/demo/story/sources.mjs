// What is recorded beside camera and microphone: a student shares her whole screen, a proctor sees it beside her camera, it is lost and shared
// again, and the review plays all of it in step. STORY also has: media.
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

const lost = ({ events }) => events.filter((event) => event.kind === 'screen_lost');

async function story(facts) {
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
    await id(page, 'identify-start').waitFor({ timeout: 2 * patience });
    return page;
  });
  await step('After a reload the browser asks again, at the same step', async () => {
    await page.reload();
    await devices(anna).catch(() => undefined); // checked already in this tab
    await id(page, 'share-screen').click();
    await id(page, 'identify-start').waitFor({ timeout: 2 * patience });
    return page;
  });

  const proctor = await person('proctor', {});
  await step('The proctor sees her camera and her screen side by side', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    await id(proctor.page, `room-row-${facts.attempt}`).click();
    await id(proctor.page, 'large-screen').waitFor({ timeout: 2 * patience });
    expectLive(await look(proctor.page, 'large-video'), 'her camera');
    const seen = await look(proctor.page, 'large-screen');
    expect(seen.width >= 320 && seen.frames >= 1 && seen.mean > 5, `her screen: ${JSON.stringify(seen)}`);
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
  await step('She hands in', async () => {
    await id(page, 'hand-in').click();
    await id(page, 'hand-in-confirm').click();
    await id(page, 'receipt').getByText('экран', { exact: false }).first().waitFor();
    await until('all is stored', proctor.page, `/api/attempts/${facts.attempt}/recordings`, (r) =>
      ['camera', 'screen'].every((kind) => (r.recordings.find((one) => one.kind === kind)?.segments.length ?? 0) >= 2));
    return page;
  });
  await step('The review plays camera and screen in step', async () => {
    await proctor.page.goto(`${config.url}/proctor/attempts/${facts.attempt}`);
    await id(proctor.page, 'review-video-screen').waitFor();
    await proctor.page.waitForTimeout(1_500);
    await proctor.page.keyboard.press('ArrowRight');
    await proctor.page.keyboard.press('ArrowRight');
    await proctor.page.keyboard.press('ArrowRight');
    await proctor.page.keyboard.press('Space');
    await proctor.page.waitForTimeout(3_000);
    await proctor.page.keyboard.press('Space');
    await phone(proctor.page, 'review');
    return proctor.page;
  });
}

await play(story);
