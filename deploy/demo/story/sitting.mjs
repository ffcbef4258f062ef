// How a student sits an exam and how a picture is looked at: what the stories of the main job and of the network share.
import { config, expect, id, patience, signIn } from './stage.mjs';

/** The student's way up to the consent. */
export async function join({ page }, fullName) {
  await page.goto(`${config.url}/e/demo`);
  await id(page, 'exam-card').waitFor();
  await signIn(page, fullName);
  await id(page, 'exam-card').waitFor();
  await id(page, 'join').click();
}

export async function consent({ page }) {
  await id(page, 'consent-text').waitFor();
  await id(page, 'consent-check').check();
  await id(page, 'consent-grant').click();
}

export async function devices({ page }) {
  const button = id(page, 'device-continue');
  await button.waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled'), null, { timeout: patience });
  await button.click();
}

/** What a video element shows: is it moving, and is it a picture at all? Looked at twice, some time apart. */
export function look(page, testId) {
  return page.evaluate(async (wanted) => {
    const element = document.querySelector(`[data-testid="${wanted}"]`);
    const video = element instanceof HTMLVideoElement ? element : element?.querySelector('video');
    if (!video) return { found: false };
    const sample = () => {
      const canvas = document.createElement('canvas');
      canvas.width = 64;
      canvas.height = 48;
      const context = canvas.getContext('2d');
      context.drawImage(video, 0, 0, 64, 48);
      const { data } = context.getImageData(0, 0, 64, 48);
      let sum = 0, squares = 0;
      for (let i = 0; i < data.length; i += 4) {
        const luma = (data[i] * 299 + data[i + 1] * 587 + data[i + 2] * 114) / 1000;
        sum += luma;
        squares += luma * luma;
      }
      const n = data.length / 4;
      return { pixels: Array.from(data), mean: sum / n, deviation: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)), frames: video.getVideoPlaybackQuality().totalVideoFrames };
    };
    const deadline = Date.now() + 20_000;
    while (video.videoWidth === 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 100));
    const first = sample();
    const timeFirst = video.currentTime;
    // Some time apart, and until a few pictures came: on a busy machine they are shown late.
    const shown = () => video.getVideoPlaybackQuality().totalVideoFrames - first.frames;
    const patience = Date.now() + 10_000;
    do await new Promise((r) => setTimeout(r, 700));
    while (shown() <= 3 && Date.now() < patience);
    const second = sample();
    let change = 0;
    for (let i = 0; i < first.pixels.length; i += 1) change += Math.abs(first.pixels[i] - second.pixels[i]);
    return { found: true, change: change / first.pixels.length, width: video.videoWidth, height: video.videoHeight, mean: second.mean, deviation: second.deviation, frames: second.frames - first.frames, seconds: video.currentTime - timeFirst };
  }, testId);
}

export function expectLive(seen, what) {
  expect(seen.found, `${what}: there is a video`);
  expect(seen.width >= 320, `${what}: a picture came (${JSON.stringify(seen)})`);
  expect(seen.frames > 3 && seen.seconds > 0.2 && seen.change > 0.3, `${what}: it moves (${JSON.stringify(seen)})`);
  expect(seen.mean > 20 && seen.deviation > 10, `${what}: it is not black (${JSON.stringify(seen)})`);
}

export const attemptOf = async (page) => (await (await page.request.get(`${config.url}/api/join/demo`)).json()).attemptId;
export const attempt = async (page, of) => (await page.request.get(`${config.url}/api/attempts/${of}`)).json();
