// The inbox beyond its links and forms: keys, saved replies, the counter, drafts, and who else is there.

const at = (id) => document.getElementById(id);
const composer = at("composer"), text = at("text"), send = at("send"), log = at("message-log");
const PRESENCE_MS = 8_000;
let typedAt = 0, told = "";

// --- one conversation ---

function isNote() {
  return composer.elements.mode.value === "note";
}

function showMode() {
  send.textContent = isNote() ? send.dataset.note : send.dataset.send;
  const length = [...text.value].length;
  at("count").textContent = length ? length + (length === 1 ? " character" : " characters") : "";
}

function tell(state) {
  if (document.hidden) return;
  told = state;
  fetch(composer.dataset.presence, { method: "POST", body: new URLSearchParams({ state }) }).catch(() => {});
}

function draftKey() {
  return "turngate-draft " + new URL(composer.action).pathname + " " + composer.elements.mode.value;
}

// A draft is kept until the page that follows names its form: the sign-in may have expired, or Redis be away.
function forgetSent() {
  const [form, key] = JSON.parse(sessionStorage.getItem("turngate-submitted") || "[]");
  if (form && new URLSearchParams(location.search).get("form") === form) sessionStorage.removeItem(key);
}

if (composer) {
  forgetSent();
  if (!text.value) text.value = sessionStorage.getItem(draftKey()) || "";
  text.setSelectionRange(text.value.length, text.value.length);
  showMode();
  composer.addEventListener("change", (event) => {
    if (event.target.name === "mode" && !text.value) text.value = sessionStorage.getItem(draftKey()) || "";
    showMode();
  });
  text.addEventListener("input", () => {
    sessionStorage.setItem(draftKey(), text.value);
    showMode();
    if (Date.now() - typedAt > 3_000 || told !== "typing") tell("typing");
    typedAt = Date.now();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) composer.requestSubmit(send);
  });
  composer.addEventListener("submit", () => {
    sessionStorage.setItem("turngate-submitted", JSON.stringify([composer.elements.id.value, draftKey()]));
  });
  at("saved")?.addEventListener("change", (event) => {
    if (event.target.value) text.setRangeText(event.target.value, text.selectionStart, text.selectionEnd, "end");
    event.target.value = "";
    text.focus();
    showMode();
  });
  tell("open");
  setInterval(() => tell(Date.now() - typedAt < 3_000 ? "typing" : "open"), PRESENCE_MS);
}

if (log) {
  log.scrollTop = log.scrollHeight;
  let isAtEnd = true;
  log.addEventListener("scroll", () => { isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40; });
  addEventListener("turngate:changed", () => { if (isAtEnd) log.scrollTop = log.scrollHeight; });
}

// --- a file of the agent ---

function readBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

async function attach(file) {
  if (file.size > Number(upload.dataset.largest)) throw new Error("it is too large");
  const body = JSON.stringify({ name: file.name, body: await readBase64(file) });
  const answer = await fetch(upload.dataset.url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error.message);
  return found.url;
}

const upload = at("upload");
if (upload) {
  at("upload-field").hidden = false;
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    if (!file) return;
    send.disabled = true;
    at("upload-state").textContent = "Uploading…";
    try {
      at("file").value = await attach(file);
      at("upload-state").textContent = `${file.name} goes with the answer.`;
    } catch (problem) {
      at("file").value = "";
      at("upload-state").textContent = `${file.name} cannot be sent: ${problem.message}.`;
    }
    upload.value = "";
    send.disabled = false;
  });
}

// --- sound ---

const sound = at("sound");
let waiting = Number(at("lists").dataset.unread);

// Two short tones. A browser lets a page sound once somebody has clicked in it.
function ring() {
  const audio = new AudioContext();
  for (const [number, pitch] of [660, 880].entries()) {
    const tone = audio.createOscillator(), volume = audio.createGain(), start = audio.currentTime + number * 0.15;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.1, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.15);
  }
  setTimeout(() => audio.close(), 1_000);
}

if (sound) {
  sound.checked = localStorage.getItem("turngate-sound") === "yes";
  sound.addEventListener("change", () => {
    localStorage.setItem("turngate-sound", sound.checked ? "yes" : "no");
    if (sound.checked) ring();
  });
  addEventListener("turngate:changed", () => {
    const now = Number(at("lists").dataset.unread);
    if (now > waiting && sound.checked) ring();
    waiting = now;
  });
}

// --- keys ---

const single = at("single-keys");
if (single) {
  single.checked = localStorage.getItem("turngate-single-keys") !== "no";
  single.addEventListener("change", () => localStorage.setItem("turngate-single-keys", single.checked ? "yes" : "no"));
}

function move(step) {
  const links = [...document.querySelectorAll("#sessions a")];
  const present = links.findIndex((each) => each === document.activeElement || each.hasAttribute("aria-current"));
  (links[present + step] || links[step > 0 ? links.length - 1 : 0])?.focus();
}

function write(mode) {
  if (!composer) return;
  composer.elements.mode.value = mode;
  showMode();
  text.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  r: () => write("reply"),
  n: () => write("note"),
  a: () => document.querySelector('[data-key="a"]')?.click(),
  x: () => document.querySelector('[data-key="x"]')?.focus(),
};

addEventListener("keydown", (event) => {
  const isField = event.target.matches("input, textarea, select") || event.target.isContentEditable;
  if (isField || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("turngate-single-keys") === "no") return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
