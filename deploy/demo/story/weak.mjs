// A student on a weak network: her uplink carries little more than the sound. The browser must take from the pictures, not from the sound, and give
// them back when the network is well again. Beside what every story is told (stage.mjs): media (files), kbits (what the uplink carries).
import { cable } from './cable.mjs';
import { attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, patience, person, play, signIn, step, until } from './stage.mjs';

const measured = 20;
const adapting = 15;
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Runs in the page: what was sent so far, of the sound and of each layer. */
async function sent() {
  const all = { at: Date.now() };
  for (const peer of window.connectionsOfThePage ?? []) {
    if (peer.connectionState !== 'connected') continue;
    (await peer.getStats()).forEach((r) => {
      if (r.type === 'outbound-rtp') all[r.kind === 'audio' ? 'sound' : r.rid] = { bytes: r.bytesSent, packets: r.packetsSent, frames: r.framesEncoded, width: r.frameWidth, limit: r.qualityLimitationReason };
      if (r.type === 'candidate-pair' && r.nominated) all.estimate = r.availableOutgoingBitrate;
    });
  }
  return all;
}

/** In kbit/s. */
const rates = (before, after) => Object.fromEntries(['sound', 'l', 'h'].map((what) => [what, ((after[what]?.bytes ?? 0) - (before[what]?.bytes ?? 0)) * 8 / (after.at - before.at)]));

async function story(facts) {
  const proctor = await person('proctor');
  const wire = await cable();
  const anna = await person('anna', { camera: config.media.right, ...wire.options });
  wire.follow(anna.page);
  const layer = async (what, so) => {
    for (const end = Date.now() + 90_000; ;) {
      const before = await anna.page.evaluate(sent);
      await wait(3);
      const now = rates(before, await anna.page.evaluate(sent));
      if (so(now)) return now;
      expect(Date.now() < end, `${what}: ${JSON.stringify(now)}`);
    }
  };

  await step('A student is in, both layers of her camera arrive', async () => {
    await proctor.page.goto(`${config.url}/proctor`);
    await signIn(proctor.page, 'Соколова Елена');
    await proctor.page.locator('[data-testid^="exam-"]').first().click();
    await id(proctor.page, 'room').waitFor();
    await join(anna, 'Смирнова Анна');
    await consent(anna);
    await devices(anna);
    await id(anna.page, 'identify-start').waitFor();
    facts.attempt = await attemptOf(anna.page);
    await id(proctor.page, `room-row-${facts.attempt}`).click();
    await id(proctor.page, 'large-video').waitFor();
    facts.before = await layer('the browser has found out what the network carries', (now) => now.h > 250 && now.l > 50);
    const seen = await look(proctor.page, 'large-video');
    expectLive(seen, 'on a good network');
    expect(seen.height === 480, `it is the large picture (${seen.width}×${seen.height})`);
    return proctor.page;
  });

  await step(`Her uplink carries ${config.kbits} kbit/s: the pictures give way, the sound does not`, async () => {
    wire.narrow(config.kbits);
    facts.narrow = Date.now();
    await wait(adapting);
    const before = await anna.page.evaluate(sent);
    const lost = wire.lost.packets;
    await wait(measured);
    const after = await anna.page.evaluate(sent);
    facts.weak = { ...rates(before, after), from: before.at, to: after.at, lost: wire.lost.packets - lost, packets: after.sound.packets - before.sound.packets, estimate: after.estimate / 1000 };
    const seen = await look(proctor.page, 'large-video');
    expectLive(seen, 'what the weak network carries');
    expect(seen.height < 480, `it is the small picture (${seen.width}×${seen.height})`);
    return proctor.page;
  });

  await step('The network is well again, and so is the picture', async () => {
    wire.widen();
    facts.after = await layer('the large picture comes back', (now) => now.h > 250);
    for (const end = Date.now() + patience; (await look(proctor.page, 'large-video')).height < 480;) expect(Date.now() < end, 'the proctor sees the large picture again');
    const before = await (await proctor.page.request.get(`${config.url}/api/attempts/${facts.attempt}/recordings`)).json();
    await until('it is recorded', proctor.page, `/api/attempts/${facts.attempt}/recordings`, (a) => a.recordings[0].segments.length > before.recordings[0].segments.length + 1);
    await anna.page.context().close();
    return proctor.page;
  });
  wire.close();
}

await play(story);
