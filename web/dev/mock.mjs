// A stand-in for the server, to look at the pages: it serves dist with the headers of
// production and answers the API with invented data. It is not shipped and proves nothing.
//   node dev/mock.mjs [port]        MOCK_SEGMENTS=folder with 0.webm, 1.webm, …
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import * as data from './data.mjs';

const dist = join(import.meta.dirname, '..', 'dist');
const port = Number(process.argv[2] ?? 8090);
const segments = process.env.MOCK_SEGMENTS ?? '';

// What the pages change; /mock/set puts it back or bends it for a picture.
const world = { who: 'guest', joined: false, attempt: undefined, outcome: 'match', hint: 'too_far', room: data.room(), sockets: new Set(), watchers: new Set() };

const mime = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' };

function json(response, status, body) {
  response.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json' });
  response.end(JSON.stringify(body));
}

function problem(response, status, code, ru, en = ru) {
  json(response, status, { type: 'about:blank', title: code, status, detail: en, code, message: { ru, en } });
}

function page(response) {
  const nonce = randomBytes(16).toString('base64');
  const html = readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce);
  response.writeHead(200, {
    'Content-Type': mime['.html'],
    'Content-Security-Policy':
      `default-src 'self'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; media-src 'self' blob:; ` +
      "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  });
  response.end(html);
}

function change(patch) {
  world.attempt = { ...world.attempt, ...patch, serverTime: data.at(0) };
  for (const socket of world.sockets) socket.send(JSON.stringify({ type: 'attempt', attempt: world.attempt }));
  return world.attempt;
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function identify() {
  const say = (message) => world.sockets.forEach((socket) => socket.send(JSON.stringify({ type: 'identification', ...message })));
  change({ state: 'identifying' });
  say({ phase: 'looking' });
  await wait(900);
  if (world.hint) say({ phase: 'looking', hint: world.hint });
  await wait(1800);
  const id = randomBytes(4).toString('hex');
  for (const [shown, digit] of ['', ...'5381'].entries()) {
    say({ phase: 'challenge', challenge: { id, length: 4, shown, digit } });
    await wait(1500);
  }
  say({ phase: 'verifying' });
  await wait(1500);
  const triesLeft = world.attempt.triesLeft - 1;
  const done = data.identification(world.outcome, 3 - triesLeft);
  say({ phase: 'done', identification: done });
  change({ state: world.outcome === 'match' ? 'admitted' : 'ready', triesLeft, lastIdentification: done });
}

const recordings = () => {
  const files = existsSync(segments) ? readdirSync(segments).filter((name) => name.endsWith('.webm')) : [];
  const list = files.map((_, number) => ({
    number, startMs: number * 4000, durationMs: 4000, size: 180_000, sha256: data.sha(`s${number}`), url: `/api/recordings/r-1/segments/${number}`,
  }));
  const screen = { id: 'r-2', kind: 'screen', startedAt: data.at(-7 * 60_000 + 10_000), durationMs: list.length * 4000, segments: list };
  return [{ id: 'r-1', kind: 'camera', startedAt: data.at(-7 * 60_000), durationMs: list.length * 4000, segments: list }, ...(world.screen ? [screen] : [])];
};

function api(method, path, search, response, body) {
  const signedIn = data.people[world.who];
  if (path === 'session') return json(response, 200, { signedIn: Boolean(signedIn), person: signedIn, organisation: data.organisation, version: 'mock' });
  if (path === 'session/end') { world.who = 'guest'; response.writeHead(204); return response.end(); }
  if (path.startsWith('join/')) {
    if (path !== `join/${data.exam.code}`) return problem(response, 404, 'exam_not_found', 'Экзамен не найден.');
    if (method === 'GET') return json(response, 200, { ...data.exam, ...(world.joined && signedIn ? { attemptId: 'a-1' } : {}) });
    if (world.refuse) return problem(response, 403, 'not_in_roster', 'Вас нет в списке этого экзамена.');
    world.joined = true;
    world.attempt ??= data.attempt('a-1', data.people.student.displayName, 'registered');
    return json(response, 200, world.attempt);
  }
  if (!signedIn) return problem(response, 401, 'not_signed_in', 'Нужно войти.');
  if (path === 'exams') return json(response, 200, { exams: data.exams() });
  if (/^exams\/[^/]+\/announcements$/.test(path)) return json(response, 200, { messages: data.messages().filter((one) => one.toAll) });
  if (/^exams\/[^/]+\/(proctors|duty|handover)$/.test(path)) return json(response, 200, { proctors: data.proctors() });
  if (/^exams\/[^/]+\/admit$/.test(path)) return json(response, 200, { admitted: 1, failed: 0 });
  if (/^exams\/[^/]+$/.test(path)) return json(response, 200, world.room);
  if (/^exams\/[^/]+\/finish$/.test(path)) return json(response, 200, world.room);
  if (path === 'log') {
    const from = Number(search.get('cursor') ?? 0);
    const all = data.logRecords().filter((row) => (!search.get('type') || row.type === search.get('type')) && (!search.get('outcome') || row.outcome === search.get('outcome')) && (!search.get('exam') || search.get('exam') === 'e-1'));
    const next = from + 50 < all.length ? String(from + 50) : undefined;
    return json(response, 200, { records: all.slice(from, from + 50), next });
  }
  if (path === 'log/checkpoint') return json(response, 200, data.checkpoint());
  const segment = /^recordings\/r-1\/segments\/(\d+)$/.exec(path);
  if (segment) {
    response.writeHead(200, { 'Content-Type': 'video/webm' });
    return response.end(readFileSync(join(segments, `${segment[1]}.webm`)));
  }
  const act = /^attempts\/([^/]+)(?:\/(.*))?$/.exec(path);
  if (!act) return problem(response, 404, 'not_found', 'Не найдено.');
  const inRoom = world.room.attempts.find((entry) => entry.attempt.id === act[1])?.attempt;
  const own = world.who === 'student' ? world.attempt : inRoom;
  switch (act[2]) {
    case undefined: return json(response, 200, { ...own, serverTime: data.at(0) });
    case 'consent': return json(response, 200, change({ state: 'ready', consent: { ...world.attempt.consent, grantedAt: data.at(0) } }));
    case 'decline': return json(response, 200, change({ state: 'declined' }));
    case 'return': return json(response, 200, change({ state: 'registered' }));
    case 'begin': return json(response, 200, change({ state: 'in_progress' }));
    case 'finish': return json(response, 200, world.who === 'student' ? change({ state: 'finished' }) : { ...inRoom, state: 'finished' });
    case 'retry': return json(response, 200, { ...inRoom, triesLeft: 1 });
    case 'terminate': return json(response, 200, { ...inRoom, state: 'terminated', stateReason: body.reasonCode });
    case 'identification': void identify(); return json(response, 202, { identificationId: 'i-1' });
    case 'messages': return json(response, 200, { messages: data.messages() });
    case 'conclusion': return json(response, 200, method === 'POST' ? { ...body, by: 'Орлов Пётр Ильич', at: data.at(0) } : { result: '' });
    case 'flags': return json(response, 200, { events: data.timeline() });
    case 'notes': return json(response, 200, { notes: data.notes() });
    case 'messages/seen': case 'warnings': case 'warnings/withdraw': case 'time': case 'call/acknowledge': case 'call/close': case 'call':
    case 'admit': case 'admit/undo': case 'admit/refuse': case 'break': case 'break/end': case 'pause': case 'resume':
      return json(response, 200, { ...own, serverTime: data.at(0) });
    case 'timeline': return json(response, 200, { events: data.timeline() });
    case 'identifications': return json(response, 200, { identifications: [data.identification('no_match', 1), data.identification('match', 2)] });
    case 'recordings': return json(response, 200, { recordings: recordings() });
    default: return problem(response, 404, 'not_found', 'Не найдено.');
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://mock');
  const path = decodeURIComponent(url.pathname);
  if (path === '/auth/esia/start') {
    world.who = 'student';
    response.writeHead(302, { Location: url.searchParams.get('return') ?? '/' });
    return response.end();
  }
  if (path === '/mock/set') {
    const patch = JSON.parse(url.searchParams.get('world') ?? '{}');
    const { state, ...rest } = patch;
    Object.assign(world, rest);
    if (state !== undefined) {
      world.joined = true;
      world.attempt = data.attempt('a-1', data.people.student.displayName, state, patch.extra ?? {});
    }
    return json(response, 200, {});
  }
  if (path.startsWith('/api/')) {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => api(request.method, path.slice(5), url.searchParams, response, text === '' ? {} : JSON.parse(text)));
    return undefined;
  }
  const file = normalize(join(dist, path));
  if (file.startsWith(dist) && extname(file) !== '' && existsSync(file)) {
    response.writeHead(200, { 'Content-Type': mime[extname(file)] ?? 'application/octet-stream' });
    return response.end(readFileSync(file));
  }
  return page(response);
});

const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket, request) => {
  const say = (message) => socket.send(JSON.stringify(message));
  if (request.url.includes('/watch')) {
    world.watchers.add(socket);
    say({ type: 'hello', room: world.room, iceServers: [] });
    say({ type: 'presence', people: data.proctors().filter((one) => one.here).map(({ id, name }) => ({ id, name })) });
    say({ type: 'identification', attemptId: 'a-3', phase: 'challenge', challenge: { id: 'x', digits: '1234', expiresAt: data.at(20_000) } });
    socket.on('message', (raw) => {
      const message = JSON.parse(raw);
      if (message.type !== 'watch') return;
      const tracks = message.attempts.flatMap((attemptId) => [
        { mid: `${attemptId}v`, attemptId, source: 'camera', media: 'video' },
        { mid: `${attemptId}a`, attemptId, source: 'camera', media: 'audio' },
      ]);
      say({ type: 'offer', sdp: JSON.stringify(tracks), tracks });
    });
    socket.on('close', () => world.watchers.delete(socket));
    return;
  }
  world.sockets.add(socket);
  say({ type: 'hello', attempt: { ...world.attempt, serverTime: data.at(0) }, iceServers: [] });
  socket.on('message', (raw) => {
    const message = JSON.parse(raw);
    if (message.type === 'offer' && !world.stuck) setTimeout(() => say({ type: 'media', state: 'live' }), 700);
  });
  socket.on('close', () => world.sockets.delete(socket));
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
