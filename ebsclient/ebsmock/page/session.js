"use strict";

const texts = {
  ru: {
    failed: "Стенд не ответил. Попробуйте ещё раз.", noDevices: "Камера или микрофон недоступны: разрешите доступ.",
    bad: "Ссылка не ведёт к сессии: начните заново.", look: "Смотрите в камеру…", speak: "Называйте цифры вслух", sending: "Проверяется…",
    done: "Готово. Возвращаемся…", who: "Выберите, кто вы.", choose: "— выберите —",
  },
  en: {
    failed: "The stand did not answer. Try again.", noDevices: "No camera or microphone: allow them.",
    bad: "The link leads to no session: start again.", look: "Look into the camera…", speak: "Say the digits aloud", sending: "Checking…",
    done: "Done. Returning…", who: "Choose who you are.", choose: "— choose —",
  },
};
const t = (key) => texts[language()][key];
const ask = (method, path, options) => request(method, path, options, t("failed"));

const scenarioTexts = {
  match: ["Совпадение", "Match"], near_miss: ["Чуть ниже порога (0,9998)", "Just below the threshold (0.9998)"],
  no_match: ["Не совпадает", "No match"], photo_missing: ["Нет оценки лица", "No score for the face"],
  sound_missing: ["Нет оценки голоса", "No score for the voice"], spoof: ["Подделка: не живой человек", "Spoof: nobody alive"],
  repeat: ["Просят повторить", "Asked to repeat"], cancel: ["Человек отказался", "The person called it off"], failure: ["Не удалось", "Failed"],
  low_quality: ["Плохое качество", "Low quality"], liveness_failed: ["Живого человека не видно", "No living person seen"],
  not_enrolled: ["Нет образцов", "Not enrolled"], expired_session: ["Сессия истекла", "The session is over"],
  replayed_secret: ["Секрет уже использован", "The secret was used before"], wrong_issuer: ["Чужой отправитель", "Wrong issuer"],
  wrong_subject: ["О другом человеке", "About somebody else"], wrong_audience: ["Для другой системы", "For another system"],
  wrong_session: ["Из другой сессии", "From another session"], wrong_challenge: ["О других цифрах", "About other digits"],
  bad_signature: ["Неверная подпись", "Bad signature"], unknown_key: ["Неизвестный ключ", "Unknown key"], alg_none: ["Без подписи", "Not signed"],
  score_out_of_range: ["Оценка вне 0…1", "Score out of range"], replayed: ["Повтор прежнего ответа", "An earlier verdict again"],
  expired: ["Просроченный ответ", "Expired verdict"], future: ["Ответ из будущего", "Verdict from the future"],
  401: ["Ошибка 401", "Status 401"], 403: ["Ошибка 403", "Status 403"], 422: ["Ошибка 422", "Status 422"], 429: ["Ошибка 429: занято", "Status 429: busy"],
  500: ["Ошибка 500", "Status 500"], 503: ["Ошибка 503", "Status 503"], half: ["Половина ответа", "Half an answer"],
  slow: ["Медленный ответ", "Slow answer"], never: ["Нет ответа", "No answer at all"],
};

const digitTime = 1600; // ms that each digit is shown
let session = null;
let stream = null;

function show() {
  if (!session) return;
  const chosen = el("scenario").value || "match", person = el("person").value;
  el("system").textContent = session.system;
  el("asks").hidden = false;
  el("session").hidden = session.state !== "PENDING";
  el("person-card").hidden = !session.choosesPerson;
  const label = language() === "ru" ? 0 : 1;
  el("scenario").replaceChildren(...session.scenarios.map((name) => new Option(`${(scenarioTexts[name] || [name, name])[label]} · ${name}`, name)));
  el("scenario").value = chosen;
  el("person").replaceChildren(new Option(t("choose"), ""), ...(session.people || []).map((one) => new Option(`${one.name} · ${one.oid}`, one.oid)));
  el("person").value = person;
}

// chosenPerson is undefined where the session knows its person, and null where nobody was chosen.
function chosenPerson() {
  if (!session.choosesPerson) return undefined;
  if (el("person").value) return el("person").value;
  say(t("who"), "bad");
  el("person").focus();
  return null;
}

function stopDevices() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
  el("video").srcObject = null;
  el("video").hidden = el("confirm").hidden = el("digit").hidden = true;
  el("camera").hidden = el("empty").hidden = false;
  el("frame").classList.remove("live");
}

async function startDevices() {
  say("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: { channelCount: 1, noiseSuppression: false } });
  } catch {
    say(t("noDevices"), "bad");
    return;
  }
  el("video").srcObject = stream;
  await el("video").play();
  el("video").hidden = el("confirm").hidden = false;
  el("camera").hidden = el("empty").hidden = true;
  el("frame").classList.add("live");
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function picture() {
  const canvas = document.createElement("canvas"), video = el("video");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
}

// record shows the digits one by one and returns the voice meanwhile, and when each was shown, in ms from its beginning.
async function record() {
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule("pcm.js");
    await context.resume();
    const node = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0 });
    const pieces = [], shown = [];
    let samples = 0;
    node.port.onmessage = (event) => {
      pieces.push(event.data);
      samples += event.data.length;
    };
    context.createMediaStreamSource(stream).connect(node);
    await pause(700);
    el("digit").hidden = false;
    say(t("speak"));
    for (const digit of session.challenge) {
      shown.push(Math.round(1000 * samples / context.sampleRate));
      el("digit").textContent = digit;
      await pause(digitTime);
    }
    el("digit").textContent = "";
    await pause(500);
    node.port.onmessage = null;
    return { voice: wav(pieces, samples, context.sampleRate), shown };
  } finally {
    el("digit").hidden = true;
    await context.close();
  }
}

// wav is 16-bit mono PCM; above 48 kHz every second sample is left out.
function wav(pieces, samples, rate) {
  const skip = Math.ceil(rate / 48000), count = Math.floor(samples / skip);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (at, s) => [...s].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate / skip, true);
  view.setUint32(28, 2 * rate / skip, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let at = 0;
  for (const piece of pieces) {
    for (const v of piece) {
      if (at % skip === 0 && at / skip < count) view.setInt16(44 + 2 * at / skip, Math.round(32767 * Math.max(-1, Math.min(1, v))), true);
      at++;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}

function busy(on) {
  for (const id of ["confirm", "apply", "cancel", "camera"]) el(id).disabled = on;
}

// leave goes where the session's asker wants the browser, once the session has ended.
function leave(answer) {
  session = answer;
  if (session.state === "PENDING") return;
  stopDevices();
  show();
  say(t("done"), "good");
  el("return").href = session.returnTo;
  el("back").hidden = false;
  location.assign(session.returnTo);
}

async function act(question) {
  busy(true);
  try {
    const answer = await question();
    if (answer) leave(await answer.json());
  } catch (error) {
    say(error.message, "bad");
  } finally {
    busy(false);
  }
}

async function confirm() {
  const person = chosenPerson();
  if (person === null) return;
  await act(async () => {
    say(t("look"));
    const photo = await picture();
    const { voice, shown } = await record();
    say(t("sending"));
    const form = new FormData();
    form.append("metadata", new Blob([JSON.stringify({ user_id: person, shown_ms: shown })], { type: "application/json" }), "metadata");
    form.append("photo", photo, "photo");
    form.append("voice", voice, "voice");
    return ask("POST", `sessions/${session.id}/samples`, { body: form });
  });
}

function end(scenario, person) {
  return act(() => ask("POST", `sessions/${session.id}/scenario`, { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ scenario, user_id: person }) }));
}

// open finds the session the link is about: one that was begun, or one that an adapter's launch link begins.
async function open() {
  const link = new URLSearchParams(location.search);
  const id = link.get("session_id");
  if (id) return ask("GET", `sessions/${encodeURIComponent(id)}`);
  if (!link.get("sid")) throw new Error(t("bad"));
  const body = JSON.stringify({ sid: link.get("sid"), infoSystem: link.get("info_system"), returnTo: link.get("dbo_ko_public_uri") });
  return ask("POST", "sessions", { headers: { "Content-Type": "application/json" }, body });
}

async function start() {
  document.addEventListener("language", show);
  startLanguage();
  el("camera").addEventListener("click", startDevices);
  el("confirm").addEventListener("click", confirm);
  el("pick").addEventListener("submit", (event) => {
    event.preventDefault();
    const person = chosenPerson();
    if (person !== null) end(el("scenario").value, person);
  });
  el("cancel").addEventListener("click", () => end("cancel"));
  window.addEventListener("pagehide", stopDevices);
  try {
    session = await (await open()).json();
    show();
    if (session.state !== "PENDING") leave(session);
  } catch (error) {
    say(error.message, "bad");
  }
}

start();
