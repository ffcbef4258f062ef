"use strict";

const texts = {
  ru: {
    sending: "Отправляется…", done: "Образец зарегистрирован.", removed: "Образец удалён.", remove: "Удалить",
    noCamera: "Камера недоступна: разрешите доступ или выберите файл.", badFile: "Файл не читается как снимок.",
    badOID: "Укажите oid: от 1 до 20 цифр.", failed: "Стенд не ответил. Попробуйте ещё раз.", other: "— другой человек —",
  },
  en: {
    sending: "Sending…", done: "The face is enrolled.", removed: "The face is removed.", remove: "Remove",
    noCamera: "No camera: allow it or choose a file.", badFile: "The file cannot be read as a picture.",
    badOID: "Give the oid: 1 to 20 digits.", failed: "The stand did not answer. Try again.", other: "— somebody else —",
  },
};
const t = (key) => texts[language()][key];

let stream = null;   // the camera while it is on
let picture = null;  // the JPEG that will be sent

function stopCamera() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
  el("video").srcObject = null;
  el("video").hidden = el("snap").hidden = true;
  el("camera").hidden = false;
  el("frame").classList.remove("live");
}

async function startCamera() {
  say("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
  } catch {
    say(t("noCamera"), "bad");
    return;
  }
  const video = el("video");
  video.srcObject = stream;
  await video.play();
  video.hidden = el("snap").hidden = false;
  el("camera").hidden = el("canvas").hidden = el("empty").hidden = true;
  el("frame").classList.add("live");
  setPicture(null);
}

function setPicture(blob) {
  picture = blob;
  el("enrol").disabled = !blob;
}

// draw puts a picture on the canvas, at most 1280 pixels a side, and makes the JPEG of it.
async function draw(source, width, height) {
  const scale = Math.min(1, 1280 / Math.max(width, height));
  const canvas = el("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  canvas.hidden = false;
  el("empty").hidden = true;
  setPicture(await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95)));
}

async function snap() {
  const video = el("video");
  await draw(video, video.videoWidth, video.videoHeight);
  stopCamera();
}

async function choose() {
  const file = el("file").files[0];
  el("file").value = "";
  if (!file) return;
  stopCamera();
  say("");
  try {
    const bitmap = await createImageBitmap(file);
    await draw(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
  } catch {
    setPicture(null);
    say(t("badFile"), "bad");
  }
}

const ask = (method, path, options) => request(method, path, options, t("failed"));

async function enrol(event) {
  event.preventDefault();
  const oid = el("oid").value.trim();
  if (!/^[0-9]{1,20}$/.test(oid)) {
    say(t("badOID"), "bad");
    el("oid").focus();
    return;
  }
  if (!picture) return;
  say(t("sending"));
  el("enrol").disabled = true;
  try {
    await ask("PUT", `enrolments/${oid}`, {
      headers: { "Content-Type": "image/jpeg", "X-Person-Name": encodeURIComponent(el("name").value.trim()) }, body: picture,
    });
    say(t("done"), "good");
    await loadList();
  } catch (error) {
    say(error.message, "bad");
  } finally {
    el("enrol").disabled = !picture;
  }
}

let enrolled = [];

async function loadList() {
  const answer = await ask("GET", "enrolments");
  enrolled = (await answer.json()).enrolments;
  showList();
}

function showList() {
  el("none").hidden = enrolled.length > 0;
  el("list").replaceChildren(...enrolled.map((one) => {
    const row = document.createElement("tr");
    for (const text of [one.oid, one.name, new Date(one.enrolledAt).toLocaleString(language())]) {
      row.insertCell().textContent = text;
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = t("remove");
    remove.setAttribute("aria-label", `${t("remove")} ${one.name || one.oid}`);
    remove.addEventListener("click", async () => {
      try {
        await ask("DELETE", `enrolments/${one.oid}`);
        say(t("removed"), "good");
        await loadList();
      } catch (error) {
        say(error.message, "bad");
      }
    });
    row.insertCell().append(remove);
    return row;
  }));
}

let people = [];

function showPeople() {
  el("people-field").hidden = people.length === 0;
  const chosen = el("people").value;
  el("people").replaceChildren(new Option(t("other"), ""), ...people.map((one) => new Option(`${one.name} · ${one.oid}`, one.oid)));
  el("people").value = chosen;
}

async function start() {
  el("camera").addEventListener("click", startCamera);
  el("snap").addEventListener("click", snap);
  el("file").addEventListener("change", choose);
  el("form").addEventListener("submit", enrol);
  el("people").addEventListener("change", () => {
    const one = people.find((p) => p.oid === el("people").value);
    el("oid").value = one ? one.oid : "";
    el("name").value = one ? one.name : "";
  });
  window.addEventListener("pagehide", stopCamera);
  document.addEventListener("language", () => { showList(); showPeople(); });
  // A link may name the person after "#", which browsers send nowhere: #oid=1000000001&name=…
  const given = new URLSearchParams(location.hash.slice(1));
  el("oid").value = given.get("oid") || "";
  el("name").value = given.get("name") || "";
  startLanguage();
  try {
    people = (await (await ask("GET", "people")).json()).people;
    showPeople();
    await loadList();
  } catch (error) {
    say(error.message, "bad");
  }
}

start();
