// A network cable for stories: a student's media go through it, to the service's TURN server, and it can be pulled or made narrow. Browsers have no
// such switch for WebRTC.
import dgram from 'node:dgram';

/** Runs in the page: its connections go through the cable alone. */
function plug(port) {
  const Peer = window.RTCPeerConnection;
  window.connectionsOfThePage = [];
  window.RTCPeerConnection = class extends Peer {
    constructor(configuration) {
      const iceServers = configuration.iceServers.map((server) => ({ ...server, urls: [`turn:127.0.0.1:${port}?transport=udp`] }));
      super({ ...configuration, iceServers, iceTransportPolicy: 'relay' });
      window.connectionsOfThePage.push(this);
    }
  };
}

const queueMs = 500; // of a narrow cable: what would wait for longer is lost

/** Lays one. What person(…) needs is in options; follow(page) must be called before the page's socket opens. */
export async function cable() {
  const socket = dgram.createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const far = new Map(); // a socket towards the server for each of the browser's
  let target;
  let whole = true;
  let kbits = Infinity; // upwards, of payloads of UDP
  let free = 0; // when what waits will have been sent
  const lost = { packets: 0 };
  const send = (up, data) => {
    const now = performance.now();
    if (free - now > queueMs) {
      lost.packets += 1;
      return;
    }
    free = Math.max(free, now) + (data.length * 8) / kbits;
    if (free - now < 1) up.send(data, target.port, target.host);
    else setTimeout(() => up.send(data, target.port, target.host), free - now);
  };
  socket.on('message', (data, from) => {
    if (!whole || !target) return;
    const key = `${from.address}:${from.port}`;
    let up = far.get(key);
    if (!up) {
      up = dgram.createSocket('udp4');
      up.on('message', (answer) => whole && socket.send(answer, from.port, from.address));
      far.set(key, up);
    }
    send(up, data);
  });
  return {
    lost,
    options: { init: { script: plug, argument: socket.address().port } },
    follow(page) {
      page.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => {
        const url = /"turn:([\d.]+):(\d+)\?transport=udp"/.exec(payload);
        if (url) target = { host: url[1], port: Number(url[2]) };
      }));
    },
    pull: () => { whole = false; },
    mend: () => { whole = true; },
    narrow: (to) => { kbits = to; },
    widen: () => { kbits = Infinity; },
    close() {
      socket.close();
      for (const up of far.values()) up.close();
    },
  };
}
