// The ways into the media plane: a student and a proctor by UDP, by TCP alone, by TURN alone, each asserted by what the browsers say of the pair
// they chose; and a student in Firefox, identified there, seen by a proctor in Chromium and spoken to. Beside what every story is told (stage.mjs): media
// (files), portrait (a file), firefox.
import { readFileSync } from 'node:fs';
import { attemptOf, consent, devices, expectLive, join, look } from './sitting.mjs';
import { config, expect, id, patience, person, play, signIn, step, until } from './stage.mjs';
import { firefox } from './firefox.mjs';

/** Runs in the page: keeps its connections for us to ask, and lets them use relays alone, or none, if that is wanted. */
function remember(change) {
  const Peer = window.RTCPeerConnection;
  const all = [];
  window.connectionsOfThePage = all;
  window.RTCPeerConnection = class extends Peer {
    constructor(configuration) {
      super({ ...configuration, ...change });
      all.push(this);
    }
  };
}

/** Runs in the page: the pair of candidates that the newest connection uses. */
async function route() {
  for (const peer of [...(window.connectionsOfThePage ?? [])].reverse()) {
    const stats = await peer.getStats();
    let pair;
    stats.forEach((report) => {
      if (report.type === 'transport' && report.selectedCandidatePairId) pair = stats.get(report.selectedCandidatePairId);
      if (report.type === 'candidate-pair' && report.selected) pair = report; // Firefox
    });
    if (!pair || peer.connectionState !== 'connected') continue;
    const local = stats.get(pair.localCandidateId);
    const remote = stats.get(pair.remoteCandidateId);
    return { local: local.candidateType, remote: remote.candidateType, protocol: local.protocol, relayProtocol: local.relayProtocol, sent: pair.bytesSent, received: pair.bytesReceived };
  }
  return null;
}

async function routeOf(page, what) {
  for (const end = Date.now() + patience; ;) {
    const way = await page.evaluate(route);
    if (way) return way;
    expect(Date.now() < end, `${what} is connected`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Runs in the page: how many pictures of each layer of the camera were sent. */
async function layers() {
  const sent = {};
  for (const peer of window.connectionsOfThePage ?? []) {
    (await peer.getStats()).forEach((report) => {
      if (report.type === 'outbound-rtp' && report.kind === 'video') sent[report.rid ?? ''] = report.framesEncoded ?? report.framesSent ?? 0;
    });
  }
  return sent;
}

/** Waits until the camera goes out whole and small. */
async function expectLayers(page, what) {
  for (const end = Date.now() + patience; ;) {
    const sent = await page.evaluate(layers);
    if (sent.h > 0 && sent.l > 0) return sent;
    expect(Date.now() < end, `${what} sends both layers: ${JSON.stringify(sent)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Runs in the page: somebody who moves a little sits before the camera. Firefox takes no file for its own. */
function sit({ portrait }) {
  const devices = navigator.mediaDevices;
  if (!devices) return; // a page without https
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = await original(wanted);
    const [camera] = stream.getVideoTracks();
    if (!camera) return stream;
    const picture = new Image();
    picture.src = portrait;
    await picture.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const context = canvas.getContext('2d');
    const draw = () => {
      const t = performance.now() / 1000;
      context.drawImage(picture, -24 - 14 * Math.sin(t * 1.6), -18 - 9 * Math.sin(t * 2.1), 688, 516);
    };
    draw();
    setInterval(draw, 66);
    const [track] = canvas.captureStream(15).getVideoTracks();
    const settings = camera.getSettings();
    track.getSettings = () => ({ ...settings, width: 640, height: 480 });
    stream.removeTrack(camera);
    camera.stop();
    stream.addTrack(track);
    return stream;
  };
}

/** Runs in the page: what has come of a proctor's voice, how much sound there was in it, and whether it is played. */
async function voice() {
  const audio = document.querySelector('[data-testid="proctor-sound"]');
  const heard = { packets: 0, energy: 0, played: audio?.currentTime ?? 0, aloud: Boolean(audio?.srcObject) && !audio.paused && !audio.muted };
  for (const peer of window.connectionsOfThePage ?? []) {
    (await peer.getStats()).forEach((report) => {
      if (report.type !== 'inbound-rtp' || report.kind !== 'audio') return;
      heard.packets += report.packetsReceived ?? 0;
      heard.energy += report.totalAudioEnergy ?? 0;
    });
  }
  return heard;
}

/** Waits until a second of a voice has come since, and been played. */
async function hears(page, before, what) {
  for (const end = Date.now() + patience; ;) {
    const now = await page.evaluate(voice);
    if (now.aloud && now.packets >= before.packets + 50 && now.energy > before.energy + 1e-5 && now.played >= before.played + 1) return;
    expect(Date.now() < end, `${what}: ${JSON.stringify({ before, now })}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Waits until no packet of a voice has come for a second. */
async function ceases(page, what) {
  for (const end = Date.now() + patience; ;) {
    const { packets } = await page.evaluate(voice);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if ((await page.evaluate(voice)).packets === packets) return;
    expect(Date.now() < end, what);
  }
}

// Chromium's own way to be in a network without UDP: what an administrator's policy sets.
const noUDP = ['--force-webrtc-ip-handling-policy=disable_non_proxied_udp', '--webrtc-ip-handling-policy=disable_non_proxied_udp'];
const onlyRelays = { iceTransportPolicy: 'relay' };
const noRelays = { iceServers: [] };
const ways = [
  { name: 'UDP', student: 'Смирнова Анна', more: [], change: {}, right: (w) => w.protocol === 'udp' && w.local !== 'relay' && w.remote === 'host' },
  { name: 'TCP only', student: 'Кузнецов Борис', more: noUDP, change: noRelays, right: (w) => w.protocol === 'tcp' && w.local !== 'relay' && w.remote === 'host' },
  { name: 'TURN only', student: 'Попова Вера', more: [], change: onlyRelays, right: (w) => w.local === 'relay' },
  { name: 'TURN by TCP', student: 'Кузнецов Борис', more: noUDP, change: onlyRelays, right: (w) => w.local === 'relay' && w.relayProtocol === 'tcp' },
];

/** Who has joined before goes on where she was. */
async function comeBack({ page }, fullName) {
  await page.goto(`${config.url}/e/demo`);
  await id(page, 'exam-card').waitFor();
  await signIn(page, fullName);
}

async function watch(options) {
  const proctor = await person('proctor', options);
  await proctor.page.goto(`${config.url}/proctor`);
  await signIn(proctor.page, 'Соколова Елена');
  await proctor.page.locator('[data-testid^="exam-"]').first().click();
  await id(proctor.page, 'room').waitFor();
  return proctor;
}

/** How much of an attempt is stored. */
async function segments({ page }, attempt) {
  const { recordings } = await (await page.request.get(`${config.url}/api/attempts/${attempt}/recordings`)).json();
  return recordings[0]?.segments.length ?? 0;
}

async function see(proctor, attempt) {
  await id(proctor.page, `room-row-${attempt}`).click();
  await id(proctor.page, 'large-video').waitFor();
  return look(proctor.page, 'large-video');
}

async function story(facts) {
  facts.attempts = {};
  facts.ways = {};
  const known = new Set();
  for (const way of ways) {
    const options = { more: way.more, init: { script: remember, argument: way.change } };
    let student;
    await step(`A student is in by ${way.name}`, async () => {
      student = await person(`student-${way.name}`, { ...options, camera: config.media.right });
      if (known.has(way.student)) await comeBack(student, way.student);
      else {
        await join(student, way.student);
        await consent(student);
      }
      known.add(way.student);
      await devices(student);
      await id(student.page, 'identify-start').waitFor();
      facts.attempts[way.name] = await attemptOf(student.page);
      const seen = await routeOf(student.page, 'the student');
      expect(way.right(seen), `the student's way: ${JSON.stringify(seen)}`);
      facts.ways[way.name] = { student: seen };
      await expectLayers(student.page, `the student by ${way.name}`);
      return student.page;
    });
    await step(`A proctor by ${way.name} sees and hears the student`, async () => {
      const proctor = await watch(options);
      const before = await segments(proctor, facts.attempts[way.name]);
      expectLive(await see(proctor, facts.attempts[way.name]), `by ${way.name}`);
      const seen = await routeOf(proctor.page, 'the proctor');
      expect(way.right(seen), `the proctor's way: ${JSON.stringify(seen)}`);
      facts.ways[way.name].proctor = seen;
      await proctor.page.screenshot({ path: `${config.pictures}/proctor-${way.name.replace(' ', '-')}.png` });
      // Two segments of the recording at least.
      await until('the recording is under way', proctor.page, `/api/attempts/${facts.attempts[way.name]}/recordings`, (a) => (a.recordings[0]?.segments.length ?? 0) >= before + 2);
      await student.page.context().close();
      await until('the end of the connection is known', proctor.page, `/api/attempts/${facts.attempts[way.name]}/timeline`,
        (t) => t.events.filter((e) => e.kind === 'disconnected').length >= t.events.filter((e) => e.kind === 'connected').length);
      await proctor.page.context().close();
    });
  }

  const fox = await firefox();
  try {
    await step('A student in Firefox is in', async () => {
      await fox.addInitScript(remember);
      await fox.addInitScript(sit, { portrait: `data:image/jpeg;base64,${readFileSync(config.portrait).toString('base64')}` });
      await fox.goto(`${config.url}/e/demo`);
      await fox.waitFor('exam-card');
      await fox.click('sign-in');
      await fox.until('the stand’s page lists people', (name) => {
        const button = [...document.querySelectorAll('button')].find((b) => b.textContent.includes(name));
        button?.click();
        return button !== undefined;
      }, 'Смирнова Анна');
      await fox.click('device-continue-anyway'); // its fake microphone hums too softly for a voice
      await fox.waitFor('identify-start');
      const seen = await routeOf(fox, 'Firefox');
      expect(seen.protocol === 'udp', `Firefox's way: ${JSON.stringify(seen)}`);
      await expectLayers(fox, 'Firefox');
      facts.ways.Firefox = { student: seen };
      return fox;
    });
    await step('She is identified there, and begins the exam', async () => {
      await fox.click('identify-start');
      for (let tries = 0; ; tries += 1) { // a picture may come late on a busy machine
        const seen = await fox.until('the identification ends', () => ['begin-exam', 'identify-again'].find((wanted) => document.querySelector(`[data-testid="${wanted}"]`) !== null));
        if (seen === 'begin-exam') break;
        expect(tries < 3, 'she is believed');
        await fox.click('identify-again');
        await fox.until('the next try begins', () => document.querySelector('[data-testid="identify-again"]') === null);
      }
      await fox.click('begin-exam');
      await fox.waitFor('exam-bar');
      return fox;
    });
    let proctor;
    await step('A proctor in Chromium sees the student in Firefox', async () => {
      proctor = await watch({});
      const of = facts.attempts.UDP;
      const before = await segments(proctor, of);
      expectLive(await see(proctor, of), 'from Firefox');
      await proctor.page.locator(`[data-testid="room-row-${of}"][data-state="in_progress"][data-outcome="match"]`).waitFor();
      await until('Firefox is recorded', proctor.page, `/api/attempts/${of}/recordings`, (a) => a.recordings[0].segments.length >= before + 2);
      return proctor.page;
    });
    await step('The student in Firefox hears the proctor, who speaks to her alone', async () => {
      const before = await fox.evaluate(voice);
      expect(before.aloud && before.energy === 0, `nobody has spoken to her yet: ${JSON.stringify(before)}`);
      await id(proctor.page, 'talk').click();
      await proctor.page.locator(`[data-testid="voice-bar"][data-to="${facts.attempts.UDP}"][data-hear="1"][data-arrives="true"]`).waitFor();
      await fox.until('she is told that she alone is spoken to', () => {
        const note = document.querySelector('[data-testid="proctor-voice"]');
        return note?.dataset.all === 'false' && note.dataset.refused === 'false';
      });
      await hears(fox, before, 'Firefox plays the proctor');
      return fox;
    });
    await step('The proctor ends it, and Firefox is silent', async () => {
      await id(proctor.page, 'voice-end').click();
      await fox.until('nobody speaks to her any more', () => document.querySelector('[data-testid="proctor-voice"]') === null);
      await ceases(fox, 'nothing comes to Firefox any more');
      return proctor.page;
    });
  } catch (error) {
    await fox.screenshot({ path: `${config.pictures}/failed-firefox.png` }).catch(() => {});
    throw error;
  } finally {
    await fox.close();
  }
}

await play(story);
