// What goes wrong during an exam: the network is cut and comes back, the tab is reloaded, MinIO does not answer for a while. The student's attempt
// stays where it was, the proctor sees her again, and the recording is whole but for what could not be sent. Beside what every story is told
// (stage.mjs): media (files), minio (the process), minioSeconds (how long it is halted).
import { cable } from './cable.mjs';
import { attempt, attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, person, play, signIn, step, succeed, until } from './stage.mjs';

const cutSeconds = 20;
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function story(facts) {
  const proctor = await person('proctor');
  const wire = await cable();
  const anna = await person('anna', { camera: config.media.right, ...wire.options });
  wire.follow(anna.page);
  const again = async (page) => { // whoever reloads may have to confirm her camera
    const next = id(page, 'device-continue');
    await next.or(id(page, 'exam-bar')).first().waitFor();
    if (await next.isVisible()) await devices({ page });
  };
  /** Every kind of event of the attempt, counted. */
  const kinds = async () => {
    const timeline = await (await proctor.page.request.get(`${config.url}/api/attempts/${facts.anna}/timeline`)).json();
    return timeline.events.reduce((n, e) => ({ ...n, [e.kind]: (n[e.kind] ?? 0) + 1 }), {});
  };
  const happened = (what, kind, n) =>
    until(what, proctor.page, `/api/attempts/${facts.anna}/timeline`, (timeline) => timeline.events.filter((e) => e.kind === kind).length >= n);
  const seen = async (what) => {
    await id(proctor.page, 'large-video').waitFor();
    expectLive(await look(proctor.page, 'large-video'), what);
    const now = await attempt(anna.page, facts.anna);
    expect(now.state === 'in_progress', `${what}: the attempt is where it was (${now.state})`);
  };

  await step('A student is in the exam, a proctor watches', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    await join(anna, 'Смирнова Анна');
    await consent(anna);
    await devices(anna);
    await id(anna.page, 'identify-start').click();
    await succeed(anna.page, 'begin-exam');
    await id(anna.page, 'begin-exam').click();
    await id(anna.page, 'exam-bar').waitFor();
    facts.anna = await attemptOf(anna.page);
    await id(proctor.page, `room-row-${facts.anna}`).click();
    await seen('before anything');
    await wait(12); // a segment of its own before each trouble
    return anna.page;
  });

  await step(`Her network is cut for ${cutSeconds} s and comes back`, async () => {
    const before = await kinds();
    facts.cut = { from: Date.now() };
    wire.pull();
    await anna.context.setOffline(true);
    await happened('the server notices', 'connection_lost', (before.connection_lost ?? 0) + 1);
    await wait(Math.max(0, facts.cut.from + cutSeconds * 1000 - Date.now()) / 1000);
    facts.cut.to = Date.now();
    wire.mend();
    await anna.context.setOffline(false);
    await happened('she is back', 'connected', before.connected + 1);
    facts.cut.back = Date.now();
    await seen('after the cut');
    const { events } = await (await proctor.page.request.get(`${config.url}/api/attempts/${facts.anna}/timeline`)).json();
    const blamed = events.filter((e) => e.lane === 'behaviour' && Date.parse(e.at) > facts.cut.from - 1000 && Date.parse(e.at) < facts.cut.back);
    expect(blamed.length === 0, `a gap of the network is nobody's behaviour: ${JSON.stringify(blamed)}`);
    anna.complaints.length = 0; // a browser without a network complains, as it must
    await wait(12);
    return proctor.page;
  });

  await step('She reloads the tab', async () => {
    const before = await kinds();
    facts.reload = { from: Date.now() };
    await anna.page.reload();
    await again(anna.page);
    await happened('she is back', 'connected', before.connected + 1);
    facts.reload.back = Date.now();
    await id(anna.page, 'exam-bar').waitFor();
    await seen('after the reload');
    await wait(12);
    return anna.page;
  });

  await step(`MinIO does not answer for ${config.minioSeconds} s`, async () => {
    facts.minio = { from: Date.now() };
    process.kill(config.minio, 'SIGSTOP');
    try {
      await wait(config.minioSeconds);
      await seen('without MinIO');
    } finally {
      process.kill(config.minio, 'SIGCONT');
    }
    facts.minio.back = Date.now();
    await wait(2);
    return anna.page;
  });

  await step('The proctor ends the exam; the recording plays', async () => {
    const stored = await (await proctor.page.request.get(`${config.url}/api/attempts/${facts.anna}/recordings`)).json();
    await id(proctor.page, 'end-exam').click();
    await id(proctor.page, 'end-exam-confirm').click();
    await id(anna.page, 'receipt').waitFor();
    facts.ended = Date.now();
    await until('the end is stored', proctor.page, `/api/attempts/${facts.anna}/recordings`, (a) => a.recordings[0].segments.length > stored.recordings[0].segments.length);
    await until('her connection has ended', proctor.page, `/api/attempts/${facts.anna}/timeline`,
      (timeline) => timeline.events.filter((e) => e.kind === 'disconnected').length >= 1);
    await proctor.page.goto(`${config.url}/proctor/attempts/${facts.anna}`);
    await id(proctor.page, 'review-video').waitFor();
    await proctor.page.evaluate(() => document.querySelector('[data-testid="review-video"]')?.play?.());
    expectLive(await look(proctor.page, 'review-video'), 'the recording');
    return proctor.page;
  });
  wire.close();
}

await play(story);
