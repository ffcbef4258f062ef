// A proctor speaks aloud: to one student, who hears her and is told so while the other one hears nothing; with a key that is held; to both. Her own
// microphone is refused by the browser first. Beside what every story is told (stage.mjs): media (files).
import { attempt, attemptOf, consent, devices, join } from './sitting.mjs';
import { accessible, config, expect, id, person, phone, play, signIn, step, succeed, until } from './stage.mjs';

/** How loud what comes from the server is, at its loudest, until something is heard or so many seconds have passed; and whether it is played. */
const heard = ({ page }, seconds) =>
  page.evaluate(async (most) => {
    const audio = document.querySelector('[data-testid="proctor-sound"]');
    if (!audio?.srcObject) return { stream: false, loudest: 0, played: 0 };
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(audio.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const from = audio.currentTime;
    const end = Date.now() + most * 1000;
    let loudest = 0;
    while (Date.now() < end && loudest < 0.02) {
      await new Promise((next) => setTimeout(next, 20));
      analyser.getFloatTimeDomainData(samples);
      for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    }
    const played = audio.currentTime - from;
    await context.close();
    return { stream: true, loudest, paused: audio.paused, muted: audio.muted, played };
  }, seconds);

const hears = async (who, what) => {
  const sound = await heard(who, 30);
  expect(sound.loudest >= 0.02 && !sound.paused && !sound.muted, `${what}: ${JSON.stringify(sound)}`);
};
const silence = async (who, what) => {
  const sound = await heard(who, 4);
  expect(sound.stream && sound.loudest < 0.001, `${what}: ${JSON.stringify(sound)}`);
};
const told = async ({ page }, all) => {
  const note = id(page, 'proctor-voice');
  await note.waitFor();
  expect((await note.getAttribute('data-all')) === String(all), 'she is told to whom it is said');
  expect((await note.getAttribute('data-refused')) === 'false', 'the browser plays it');
};
/** Runs in the proctor's page: her browser refuses the microphone until it is allowed. */
function refusing() {
  const devices = navigator.mediaDevices;
  if (!devices) return; // a page without https
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (wanted) => (window.microphoneAllowed ? original(wanted) : Promise.reject(new DOMException('Permission denied', 'NotAllowedError')));
}
const bar = (proctor, about) => proctor.page.locator(`[data-testid="voice-bar"]${about}`);

async function story(facts) {
  const proctor = await person('proctor', { init: { script: refusing } });
  const anna = await person('anna', { camera: config.media.right });
  const boris = await person('boris', { camera: config.media.other });

  await step('Two students are connected, a proctor watches', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    for (const [who, name] of [[anna, 'Смирнова Анна'], [boris, 'Кузнецов Борис']]) {
      await join(who, name);
      await consent(who);
      await devices(who);
      await id(who.page, 'identify-start').waitFor();
    }
    await id(anna.page, 'identify-start').click();
    await succeed(anna.page, 'begin-exam');
    await id(anna.page, 'begin-exam').click();
    await id(anna.page, 'exam-bar').waitFor();
    facts.anna = await attemptOf(anna.page);
    facts.boris = await attemptOf(boris.page);
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await until('both are connected', proctor.page, `/api/exams/${(await attempt(anna.page, facts.anna)).examId}`,
      (room) => room.attempts.filter((entry) => entry.connected).length === 2);
    await silence(anna, 'nobody speaks to her yet');
    return proctor.page;
  });

  await step('The browser refuses the microphone, and says what to do', async () => {
    await id(proctor.page, 'talk').click();
    await id(proctor.page, 'voice-problem').waitFor();
    expect((await id(proctor.page, 'voice-problem').getAttribute('data-code')) === 'denied', 'the reason');
    await accessible(proctor.page, 'the room with a microphone that does not open');
    expect((await id(anna.page, 'proctor-voice').count()) === 0, 'nobody is told of a talk that there is not');
    return proctor.page;
  });

  await step('She allows it and speaks to Anna alone', async () => {
    await proctor.page.evaluate(() => {
      window.microphoneAllowed = true;
    });
    await id(proctor.page, 'voice-again').click();
    await bar(proctor, `[data-to="${facts.anna}"][data-hear="1"][data-arrives="true"]`).waitFor();
    await told(anna, false);
    await hears(anna, 'Anna hears the proctor');
    await silence(boris, 'Boris hears nothing');
    expect((await id(boris.page, 'proctor-voice').count()) === 0, 'Boris is told nothing');
    expect((await id(proctor.page, 'sound').getAttribute('aria-pressed')) === 'true', 'and the proctor hears Anna');
    await accessible(proctor.page, 'the room while its proctor speaks');
    await phone(proctor.page, 'wall-speaking');
    return proctor.page;
  });

  await step('What Anna sees of it', async () => {
    await accessible(anna.page, 'the page of a student who is spoken to');
    await phone(anna.page, 'spoken-to');
    return anna.page;
  });

  await step('She ends it; nobody is spoken to', async () => {
    await id(proctor.page, 'voice-end').click();
    await id(anna.page, 'proctor-voice').waitFor({ state: 'detached' });
    await id(proctor.page, 'voice-bar').waitFor({ state: 'detached' });
    return proctor.page;
  });

  await step('While V is held Anna hears her', async () => {
    await proctor.page.locator('body').click({ position: { x: 5, y: 200 } });
    await proctor.page.keyboard.down('v');
    await bar(proctor, `[data-to="${facts.anna}"][data-hear="1"]`).waitFor();
    await told(anna, false);
    await hears(anna, 'Anna hears the proctor again');
    await proctor.page.keyboard.up('v');
    await id(anna.page, 'proctor-voice').waitFor({ state: 'detached' });
    return proctor.page;
  });

  await step('She speaks to both', async () => {
    await id(proctor.page, 'talk-all').click();
    await bar(proctor, '[data-to="all"][data-hear="2"][data-arrives="true"]').waitFor();
    for (const who of [anna, boris]) {
      await told(who, true);
      await hears(who, `${who.name} hears the proctor`);
    }
    return proctor.page;
  });

  await step('What Boris sees of it', async () => {
    await phone(boris.page, 'spoken-to-waiting');
    return boris.page;
  });

  await step('Her tab is closed in the middle: it is over for both', async () => {
    await proctor.page.goto('about:blank');
    for (const { page } of [anna, boris]) await id(page, 'proctor-voice').waitFor({ state: 'detached' });
    return anna.page;
  });

  await step('The timeline knows who was spoken to', async () => {
    const kinds = async (of) => {
      const { events } = await (await proctor.page.request.get(`${config.url}/api/attempts/${of}/timeline`)).json();
      return events.filter((e) => e.kind.startsWith('voice_') && e.lane === 'proctor' && e.until).map((e) => e.kind).join(' ');
    };
    facts.heardByAnna = await kinds(facts.anna);
    facts.heardByBoris = await kinds(facts.boris);
    await proctor.page.goto(`${config.url}/proctor/attempts/${facts.anna}`);
    await id(proctor.page, 'review-video').waitFor();
    return proctor.page;
  });
}

await play(story);
