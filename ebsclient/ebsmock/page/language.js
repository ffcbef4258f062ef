"use strict";

// What both pages need: elements, the language, and questions to the stand.
const el = (id) => document.getElementById(id);
const language = () => document.documentElement.lang;

// setLanguage remembers the choice; whoever shows texts of its own listens to the event "language".
function setLanguage(lang) {
  document.documentElement.lang = lang;
  document.title = document.body.dataset[lang];
  try { localStorage.setItem("language", lang); } catch { /* storage may be off: the choice lasts for this page */ }
  document.dispatchEvent(new Event("language"));
}

function startLanguage() {
  el("language").addEventListener("click", () => setLanguage(language() === "ru" ? "en" : "ru"));
  let lang = null;
  try { lang = localStorage.getItem("language"); } catch { /* storage may be off */ }
  setLanguage(lang === "en" || lang === "ru" ? lang : navigator.language.startsWith("ru") ? "ru" : "en");
}

function say(text, kind) {
  el("status").textContent = text;
  el("status").className = kind || "";
}

// request throws an error whose message is for people.
async function request(method, path, options, failed) {
  let answer;
  try {
    answer = await fetch(path, { method, ...options });
  } catch {
    throw new Error(failed);
  }
  if (answer.ok) return answer;
  let message = failed;
  try { message = (await answer.json()).message[language()]; } catch { /* not a problem document */ }
  throw new Error(message);
}
