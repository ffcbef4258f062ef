// How much of a frame the proctor's page takes for its scripts while it shows a room of a hundred: nine live tiles and one large student, levels
// of all who send, students who change, the list scrolled, one after another made large. It prints a table.
//
// Each act is played in three rounds, and the middle one of their longest frames counts: what another process or the machine's host takes from
// the processor in the midst of a frame is told as the page's own time, and strikes one round; what the page does is in all of them.
//
// STORY besides what every story gets: room (the exam's id), students (how many), tokens (to publish as the nine whose names come first).
import path from 'node:path';
import { config, expect, id, patience, play, signIn, withBrowser } from './stage.mjs';
import { limits } from './limits.mjs';

/** Runs in the page: sends its fake camera and microphone as each of some students, and keeps doing so. */
async function publish({ url, tokens }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240, frameRate: 15 } });
  window.peers = [];
  for (const token of tokens) {
    const peer = new RTCPeerConnection();
    window.peers.push(peer);
    for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    const video = peer.getTransceivers().find((one) => one.sender.track.kind === 'video');
    video.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter((one) => /VP8|rtx/i.test(one.mimeType)));
    await peer.setLocalDescription();
    await new Promise((done) => {
      if (peer.iceGatheringState === 'complete') done();
      else peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && done());
    });
    const answer = await fetch(`${url}/whip`, { method: 'POST', headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` }, body: peer.localDescription.sdp });
    if (!answer.ok) throw new Error(`whip: ${answer.status} ${await answer.text()}`);
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  }
}

// What the trace calls the running of scripts.
const scripts = new Set(['EvaluateScript', 'FunctionCall', 'TimerFire', 'FireAnimationFrame', 'EventDispatch', 'RunMicrotasks', 'v8.run', 'V8.RunMicrotasks', 'FireIdleCallback']);

/** Sums what scripts took on the page's main thread from one of its frames to the next, in ms of the processor. */
function frames(trace) {
  const counts = new Map();
  for (const event of trace) {
    if (event.name !== 'AnimationFrame' || event.ph !== 'b') continue;
    const thread = `${event.pid} ${event.tid}`;
    counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  const [main] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  const mine = trace.filter((event) => `${event.pid} ${event.tid}` === main).sort((a, b) => a.ts - b.ts);
  const sums = [];
  let sum;
  let upTo = 0;
  for (const event of mine) {
    if (event.name === 'AnimationFrame' && event.ph === 'b') {
      if (sum !== undefined) sums.push(sum);
      sum = 0;
    }
    if (sum === undefined || event.ph !== 'X' || !scripts.has(event.name) || event.ts < upTo) continue; // one within another is counted with it
    upTo = event.ts + event.dur;
    sum += (event.tdur ?? event.dur) / 1000;
  }
  return sums;
}

const rounds = 3;

/** Changes one student after another, as the work of colleagues does: each is told to the page at once. */
async function change(page, attempts, from) {
  for (let i = 0; i < 20; i += 1) {
    const attempt = attempts[(from + 7 * i) % attempts.length];
    const answer = await page.request.post(`${config.url}/api/attempts/${attempt}/time`, { data: { minutes: 5, reason: 'technical' } });
    expect(answer.ok(), `time is given: ${answer.status()}`);
    await page.waitForTimeout(250);
  }
}

/** What a proctor does while she watches. */
const acts = {
  'watching, twenty students change': change,
  'scrolling the list': async (page) => {
    await page.getByTestId('attention-list').hover();
    for (let i = 0; i < 40; i += 1) {
      await page.mouse.wheel(0, i < 20 ? 160 : -160);
      await page.waitForTimeout(50);
    }
  },
  'another student large': async (page) => {
    for (let i = 1; i <= 4; i += 1) {
      await page.keyboard.press(`Digit${i}`);
      await page.waitForTimeout(1000);
    }
  },
};

await play(async (facts) => {
  const rows = [];
  const problems = [];
  await withBrowser(async (browser) => {
    const students = await (await browser.newContext({ permissions: ['camera', 'microphone'] })).newPage();
    await students.goto(config.url);
    await students.evaluate(publish, { url: config.url, tokens: config.tokens });
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'ru-RU', timezoneId: 'Europe/Moscow' })).newPage();
    page.setDefaultTimeout(patience);
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`${config.url}/proctor`);
    await signIn(page, 'Соколова Елена');
    await id(page, 'account').waitFor();
    await page.goto(`${config.url}/proctor/exams/${config.room}`);
    await id(page, 'tiles').waitFor();
    const tiles = id(page, 'tiles').locator('video');
    for (const end = Date.now() + 2 * patience; ;) {
      const live = await tiles.evaluateAll((all) => all.filter((one) => one.videoWidth > 0 && one.getVideoPlaybackQuality().totalVideoFrames > 30).length);
      if (live === config.tokens.length) break;
      expect(Date.now() < end, `${config.tokens.length} tiles are live: ${live}`);
      await page.waitForTimeout(250);
    }
    await page.keyboard.press('Digit1');
    await id(page, 'large-video').waitFor();
    await page.screenshot({ path: path.join(config.pictures, 'wall.png') });
    const { attempts } = await (await page.request.get(`${config.url}/api/exams/${config.room}`)).json();
    const ids = attempts.map((entry) => entry.attempt.id);
    for (const [name, act] of Object.entries(acts)) {
      const longest = [];
      const all = [];
      for (let round = 0; round < rounds; round += 1) {
        await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'devtools.timeline.frame', 'toplevel'] });
        await act(page, ids, round);
        const sums = frames(JSON.parse((await browser.stopTracing()).toString()).traceEvents);
        expect(sums.length > 0, `${name}: the trace of round ${round + 1} has frames`);
        all.push(...sums);
        longest.push(Math.max(...sums));
      }
      all.sort((a, b) => a - b);
      const most = [...longest].sort((a, b) => a - b)[(rounds - 1) / 2];
      rows.push({ name, frames: all.length, p50: all[Math.floor(all.length / 2)], p99: all[Math.floor(all.length * 0.99)], longest, most });
      if (!(most <= limits.frameMs)) problems.push(`${name}: a frame with ${most.toFixed(1)} ms of script, ${limits.frameMs} are allowed`);
    }
    await page.screenshot({ path: path.join(config.pictures, 'wall-after.png') });
  });
  console.log(`  ${'the proctor’s wall, 9 live tiles, 100 students'.padEnd(48)} frames   script a frame, ms: p50     p99   most (allowed)   in each round`);
  for (const { name, frames: count, p50, p99, longest, most } of rows) {
    const each = longest.map((ms) => ms.toFixed(1)).join(' · ');
    console.log(`  ${name.padEnd(48)} ${String(count).padStart(6)} ${p50.toFixed(1).padStart(24)} ${p99.toFixed(1).padStart(7)} ${`${most.toFixed(1)} (${limits.frameMs})`.padStart(16)}   ${each}`);
  }
  for (const problem of problems) console.log(`  ✗ ${problem}`);
  facts.frames = rows.reduce((sum, row) => sum + row.frames, 0);
  facts.problems = problems.length;
});
