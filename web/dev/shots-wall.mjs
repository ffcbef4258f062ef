// Pictures of the proctor's room against dev/mock.mjs. There is no media server behind
// it: the page gets an RTCPeerConnection that draws a face for every track asked for.
import { open, sizes } from './shoot.mjs';

function drawnPeers() {
  const tones = ['#c9d6e8', '#dcd3c5', '#cfe0d3', '#e2d0d6', '#d3d3e6', '#e3dccb'];
  const draw = (index) => {
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 480;
    const context = canvas.getContext('2d');
    const paint = (time) => {
      const sway = Math.sin(time / 900 + index) * 6;
      context.fillStyle = tones[index % tones.length];
      context.fillRect(0, 0, 640, 480);
      context.fillStyle = '#6a7a90';
      context.beginPath();
      context.ellipse(320 + sway, 520, 190, 170, 0, 0, 7);
      context.fill();
      context.fillStyle = ['#e8bfa0', '#f0cfb2', '#d9a987'][index % 3];
      context.beginPath();
      context.ellipse(320 + sway, 220, 92, 120, 0, 0, 7);
      context.fill();
      context.fillStyle = ['#3b2a20', '#8a5a2b', '#1f1f24'][index % 3];
      context.beginPath();
      context.ellipse(320 + sway, 140, 100, 66, 0, Math.PI, 0);
      context.fill();
      requestAnimationFrame(paint);
    };
    requestAnimationFrame(paint);
    return canvas.captureStream(12).getVideoTracks()[0];
  };
  const tracks = new Map();
  window.RTCPeerConnection = class {
    connectionState = 'connected';
    localDescription = { sdp: 'v=0' };
    #mids = [];
    async setRemoteDescription(description) {
      this.#mids = JSON.parse(description.sdp);
      for (const { mid, media, attemptId } of this.#mids) {
        if (media === 'video' && !tracks.has(mid)) tracks.set(mid, draw(Number(attemptId.slice(2))));
      }
    }
    getTransceivers() {
      return this.#mids.filter(({ mid }) => tracks.has(mid)).map(({ mid }) => ({ mid, receiver: { track: tracks.get(mid) } }));
    }
    async createAnswer() { return { type: 'answer', sdp: 'v=0' }; }
    async setLocalDescription() {}
    async addIceCandidate() {}
    close() {}
  };
}

for (const size of sizes) {
  const { page, set, shot, close } = await open(size, drawnPeers);
  await set({ who: 'guest' });
  await page.goto('/proctor');
  await page.getByTestId('guard-sign-in').waitFor();
  await shot('proctor-guard');
  await set({ who: 'student' });
  await page.goto('/proctor');
  await page.getByTestId('guard-forbidden').waitFor();
  await shot('proctor-forbidden');
  await set({ who: 'proctor' });
  await page.goto('/');
  await page.getByTestId('person-home').waitFor();
  await shot('home-proctor');
  await page.goto('/proctor');
  await page.getByTestId('exam-e-1').waitFor();
  await shot('proctor-exams');
  await page.getByTestId('exam-e-1').click();
  await page.getByTestId('room').waitFor();
  await page.waitForTimeout(900);
  await shot('room');
  if (size.name === 'phone') {
    await page.getByText('Экраны', { exact: true }).first().click();
    await page.waitForTimeout(600);
    await shot('room-tiles');
    await page.getByText('Студенты', { exact: true }).first().click();
  }
  await page.getByTestId('room-row-a-1').click();
  await page.waitForTimeout(600);
  await shot('room-large');
  await page.getByTestId('terminate').click();
  await page.getByTestId('terminate-confirm').waitFor();
  await shot('room-terminate');
  await page.getByTestId('terminate-cancel').click();
  await page.getByTestId('end-exam').click();
  await page.getByTestId('end-exam-confirm').waitFor();
  await shot('room-end');
  await page.getByTestId('end-exam-cancel').click();
  if (size.name === 'phone') await page.getByText('Студенты', { exact: true }).first().click();
  await page.getByTestId('room-row-a-2').click();
  await page.getByTestId('grant-try').click();
  await page.waitForTimeout(500);
  await shot('room-granted');
  await close();
}
