// The guidance story: a student whose picture is dark, then shows two people, then somebody too far away, and whose microphone is silent, is told
// each time what to change, until she is admitted. Her camera is a program's, by its name: the proctor is told.
//
// Beside what every story is told (stage.mjs): media: {right, digits} and scenes: {dark, two, far, good} (pictures, files).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { config, expect, id, patience, person, phone, play, signIn, step } from './stage.mjs';

/**
 * Runs in the page: puts a picture of ours in the place of the camera's, and a tap on the microphone. window.stage says which picture, and whether
 * the microphone is on.
 */
function stageHands(scenes) {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const original = devices.getUserMedia.bind(devices);
  window.stage = { scene: 'good', microphone: true };
  devices.getUserMedia = async (wanted) => {
    const stream = await original(wanted);
    const images = {};
    for (const [name, text] of Object.entries(scenes)) {
      images[name] = new Image();
      images[name].src = `data:image/jpeg;base64,${text}`;
      await images[name].decode();
    }
    const [camera] = stream.getVideoTracks();
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 480;
    const context = canvas.getContext('2d');
    const draw = () => {
      const t = performance.now() / 1000;
      // A little larger than the picture, drifting as a person before a webcam does.
      context.drawImage(images[window.stage.scene], -24 - 12 * Math.sin(1.6 * t), -18 - 8 * Math.sin(2.1 * t), 688, 516);
    };
    draw();
    setInterval(draw, 66);
    const video = canvas.captureStream(15).getVideoTracks()[0];
    Object.defineProperty(video, 'label', { value: 'OBS Virtual Camera' });
    stream.removeTrack(camera);
    camera.stop();
    stream.addTrack(video);

    const [microphone] = stream.getAudioTracks();
    const sound = new AudioContext({ sampleRate: 48_000 });
    const gain = sound.createGain();
    const out = sound.createMediaStreamDestination();
    sound.createMediaStreamSource(new MediaStream([microphone])).connect(gain).connect(out);
    setInterval(() => {
      gain.gain.value = window.stage.microphone ? 1 : 0;
    }, 50);
    stream.removeTrack(microphone);
    stream.addTrack(out.stream.getAudioTracks()[0]);
    return stream;
  };
}

const show = (page, change) => page.evaluate((what) => Object.assign(window.stage, what), change);
const attemptOf = async (page) => (await (await page.request.get(`${config.url}/api/join/demo`)).json()).attemptId;
const attempt = async (page, of) => (await page.request.get(`${config.url}/api/attempts/${of}`)).json();

/** Presses the button that begins, where there is one. */
async function begin(page) {
  await page.evaluate(() => {
    const button = document.querySelector('[data-testid="identify-start"], [data-testid="identify-again"]');
    if (button && !button.disabled && !button.dataset.disabled) button.click();
  });
}

/** Waits for a hint, and begins again whenever the time to look was over first. */
async function hinted(page, code) {
  const end = Date.now() + 4 * patience;
  for (;;) {
    await begin(page);
    const told = await page.locator(`[data-testid="hint"][data-code="${code}"]`).count();
    if (told > 0) return;
    expect(Date.now() < end, `the hint ${code} comes`);
    await page.waitForTimeout(100);
  }
}

async function story(facts) {
  const proctor = await person('proctor');
  await step('The proctor opens the room', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    return proctor.page;
  });

  const anna = await person('anna', { camera: config.media.right });
  const { page } = anna;
  await anna.context.addInitScript(stageHands, Object.fromEntries(Object.entries(config.scenes).map(([name, file]) => [name, readFileSync(file).toString('base64')])));
  await step('The student comes as far as the identification', async () => {
    await page.goto(`${config.url}/e/demo`);
    await id(page, 'exam-card').waitFor();
    await signIn(page, 'Смирнова Анна');
    await id(page, 'exam-card').waitFor();
    await id(page, 'join').click();
    await id(page, 'consent-text').waitFor();
    facts.anna = await attemptOf(page);
    await id(page, 'consent-check').check();
    await id(page, 'consent-grant').click();
    await id(page, 'device-continue').waitFor();
    await page.waitForFunction(() => !document.querySelector('[data-testid="device-continue"]')?.hasAttribute('disabled'), null, { timeout: patience });
    await id(page, 'device-continue').click();
    await id(page, 'identify-start').waitFor();
    await phone(page, 'intro');
    return page;
  });
  await step('She may have the hints spoken, and the choice is kept', async () => {
    const box = id(page, 'spoken-hints');
    await box.check({ force: true });
    expect((await page.evaluate(() => window.localStorage.getItem('ochno.spokenHints'))) === 'yes', 'the choice is kept');
    return page;
  });
  for (const [scene, code, what] of [
    ['dark', 'too_dark', 'In the dark she is told to put on a light'],
    ['two', 'several_faces', 'With two in the picture she is told to be alone'],
    ['far', 'too_far', 'From far away she is told to come closer'],
  ]) {
    await step(what, async () => {
      await show(page, { scene });
      await hinted(page, code);
      await phone(page, code);
      return page;
    });
  }
  await step('With a good picture and a silent microphone she is told to check it', async () => {
    await show(page, { scene: 'good', microphone: false });
    const end = Date.now() + 4 * patience;
    for (;;) { // the time to look may have been over just before
      const a = await attempt(page, facts.anna);
      if (a.lastIdentification?.reason === 'voice_silent') break;
      expect(Date.now() < end, `a silent microphone is told (${a.state}, ${a.lastIdentification?.reason})`);
      await begin(page);
      await page.waitForTimeout(250);
    }
    const a = await attempt(page, facts.anna);
    expect(a.lastIdentification.outcome === 'quality' && a.triesLeft === a.triesTotal, 'no try was used');
    await id(page, 'identification-result').waitFor();
    expect((await page.innerText('body')).includes(a.lastIdentification.message.ru), 'what to do is on the page');
    expect(a.lastIdentification.flags === undefined, 'the student is not told of doubts');
    await phone(page, 'silent');
    return page;
  });
  await step('With the microphone on she says the digits and is admitted', async () => {
    await show(page, { microphone: true });
    // On a busy machine the browser may say a digit too late for the stand; a person would try again, too.
    for (let tries = 1; ; tries += 1) {
      await id(page, 'identify-again').click();
      await id(page, 'challenge-digits').waitFor({ timeout: 60_000 });
      await id(page, 'begin-exam').or(id(page, 'identify-again')).waitFor({ timeout: 60_000 });
      if (await id(page, 'begin-exam').isVisible()) break;
      const { lastIdentification: last } = await attempt(page, facts.anna);
      console.log(`    try ${tries}: ${last.outcome} (${last.reason}), photo ${last.score?.photo}, sound ${last.score?.sound}`);
      expect(tries < 3, 'she is admitted within three tries');
    }
    const a = await attempt(page, facts.anna);
    expect(a.state === 'admitted', `admitted (${a.state}, ${a.lastIdentification?.reason})`);
    facts.identification = a.lastIdentification.id;
    return page;
  });
  await step('The proctor is told that the camera is a program', async () => {
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await id(proctor.page, 'doubt-virtual_camera').waitFor();
    await proctor.page.screenshot({ path: path.join(config.pictures, 'doubts.png') });
    await phone(proctor.page, 'doubts');
    return proctor.page;
  });
}

await play(story);
