// Two nodes of the service behind a balancer: an exam of three students is on one of them, and that one is killed in the middle. Everybody's page is
// back by itself, the attempts stay where they were, and the recording is one, with a gap where nobody had her. Beside what every story is told
// (stage.mjs): media (files), control (where the nodes are killed and started).
import { attempt, attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, patience, person, phone, play, signIn, step, succeed, until } from './stage.mjs';

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const names = { anna: 'Смирнова Анна', boris: 'Кузнецов Борис', vera: 'Попова Вера' };

async function control(act) {
  const answer = await fetch(`${config.control}/${act}`, { method: 'POST' });
  expect(answer.ok, `${act}: ${answer.status} ${answer.ok ? '' : await answer.text()}`);
  return answer;
}

async function story(facts) {
  const proctor = await person('proctor');
  const students = {};
  facts.students = {};
  facts.back = {};
  const live = (page, yes) => page.locator(`[data-testid="recording-state"][data-live="${yes}"]`);
  const row = (of, yes) => proctor.page.locator(`[data-testid="room-row-${of}"][data-connected="${yes}"]`);
  const everybodyConnected = async (yes) => {
    for (const of of Object.values(facts.students)) await row(of, yes).waitFor();
  };
  const sitting = async (what) => {
    for (const [name, of] of Object.entries(facts.students)) {
      const now = await attempt(students[name].page, of);
      expect(now.state === 'in_progress', `${what}: ${name}'s attempt is where it was (${now.state})`);
    }
  };

  /** The large picture moves; another student's may have been there a moment ago. */
  const shown = async (what) => {
    for (let tries = 0; ; tries += 1) {
      await proctor.page.locator(`[data-testid="large-student"][data-attempt="${facts.students.anna}"]`).waitFor();
      await id(proctor.page, 'large-video').waitFor();
      const seen = await look(proctor.page, 'large-video');
      try {
        expectLive(seen, what);
        return;
      } catch (error) {
        if (tries === 3) throw error;
      }
    }
  };

  await step('A proctor opens the room', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    return proctor.page;
  });

  for (const [name, fullName] of Object.entries(names)) {
    await step(`${name} begins the exam`, async () => {
      const who = await person(name, { camera: config.media.right });
      students[name] = who;
      await join(who, fullName);
      await consent(who);
      await devices(who);
      await id(who.page, 'identify-start').click();
      await succeed(who.page, 'begin-exam');
      await id(who.page, 'begin-exam').click();
      await id(who.page, 'exam-bar').waitFor();
      await live(who.page, true).waitFor();
      facts.students[name] = await attemptOf(who.page);
      return who.page;
    });
  }

  await step('The proctor sees all three', async () => {
    await everybodyConnected(true);
    await id(proctor.page, `room-row-${facts.students.anna}`).click();
    await shown('before anything');
    await wait(15); // a finished segment, and an unfinished one
    return proctor.page;
  });

  await step('The node of the exam is killed; all are back by themselves', async () => {
    const back = Object.entries(students).map(async ([name, { page }]) => {
      await live(page, false).waitFor();
      await live(page, true).waitFor();
      facts.back[name] = Date.now();
    });
    const seen = (async () => {
      await id(proctor.page, 'connection-lost').waitFor();
      await id(proctor.page, 'connection-lost').waitFor({ state: 'detached' });
      facts.back.proctor = Date.now();
    })();
    facts.killed = (await (await control('kill')).json()).at;
    await Promise.all([...back, seen]);
    console.log(`    ${Object.entries(facts.back).map(([name, at]) => `${name} ${((at - facts.killed) / 1000).toFixed(1)} s`).join(', ')}`);
    await everybodyConnected(true);
    await sitting('after the node died');
    await shown('from the other node');
    for (const { complaints } of [proctor, ...Object.values(students)]) complaints.length = 0; // a socket that breaks is told on the console, as it must
    await wait(15);
    return proctor.page;
  });

  await step('The dead node is back and stores what it had', async () => {
    await control('restart');
    for (const of of Object.values(facts.students)) {
      await until('what its spool holds is stored', proctor.page, `/api/attempts/${of}/recordings`, ({ recordings: [r] }) => {
        const recorded = r.segments.filter((s) => s.startMs + Date.parse(r.startedAt) < facts.killed);
        const last = Math.max(...recorded.map((s) => s.startMs + s.durationMs + Date.parse(r.startedAt)));
        return r.parts.length === 2 && last > facts.killed - 2_500;
      });
    }
    await everybodyConnected(true);
    await sitting('after it came back');
    return proctor.page;
  });

  await step('An administrator sees both nodes, and which one has the exam', async () => {
    const admin = await person('admin');
    await admin.page.goto(`${config.url}/system`);
    await signIn(admin.page, 'Новиков Захар');
    await id(admin.page, 'system').waitFor();
    await id(admin.page, 'system-nodes').waitFor();
    const up = admin.page.locator('[data-testid="system-node"][data-up="true"]');
    await up.nth(1).waitFor();
    expect((await up.count()) === 2, 'both are up');
    const { rooms, nodes } = await (await admin.page.request.get(`${config.url}/api/system`)).json();
    expect(rooms.length === 1 && rooms[0].live === 3 && rooms[0].watching === 1, `whichever node answers counts everybody: ${JSON.stringify(rooms)}`);
    expect(nodes.find((node) => node.name === rooms[0].node)?.rooms === 1, `the room is on a node: ${JSON.stringify(nodes)}`);
    await phone(admin.page, 'system');
    await admin.page.evaluate(() => scrollTo(0, 0));
    return admin.page;
  });

  await step('The exam ends; the recording plays across the gap', async () => {
    await id(proctor.page, 'end-exam').click();
    await id(proctor.page, 'end-exam-confirm').click();
    for (const { page } of Object.values(students)) await id(page, 'receipt').waitFor();
    const of = facts.students.anna;
    await until('the end is stored', proctor.page, `/api/attempts/${of}/timeline`, (t) => t.events.filter((e) => e.kind === 'disconnected').length >= 2);
    const { recordings: [recording] } = await (await proctor.page.request.get(`${config.url}/api/attempts/${of}/recordings`)).json();
    const start = Date.parse(recording.startedAt);
    const before = recording.segments.filter((s) => start + s.startMs < facts.killed).at(-1);
    const from = (before.startMs + before.durationMs) / 1000;
    await proctor.page.goto(`${config.url}/proctor/attempts/${of}`);
    await id(proctor.page, 'review-video').waitFor();
    facts.jumped = await proctor.page.evaluate(async ({ from, patience }) => {
      const video = document.querySelector('[data-testid="review-video"]');
      const end = Date.now() + patience;
      const until = async (so, what) => {
        while (!so()) {
          if (Date.now() > end) throw new Error(`${what}: at ${video.currentTime} of ${video.duration}, ready ${video.readyState}`);
          await new Promise((r) => setTimeout(r, 50));
        }
      };
      await until(() => video.duration > from, 'the recording is there');
      video.currentTime = from - 2;
      await until(() => video.readyState >= 3 && !video.seeking, 'the end of the dead node is there');
      void video.play();
      let last = video.currentTime;
      let jump = { from: last, to: last };
      await until(() => {
        const now = video.currentTime;
        if (now - last > jump.to - jump.from) jump = { from: last, to: now };
        last = now;
        return now > from + 3 && video.readyState >= 3;
      }, 'it plays on behind the gap');
      return jump;
    }, { from, patience: 2 * patience });
    expectLive(await look(proctor.page, 'review-video'), 'the recording behind the gap');
    return proctor.page;
  });
}

await play(story);
