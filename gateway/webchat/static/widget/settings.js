// The script tag's settings, and the storage of the page's origin.
const former = window[Symbol.for("turngate")];
if (former) {  // the page has loaded the script before, and may have replaced its body since
  if (!former.isConnected) document.body?.append(former);
  return;
}
const MAX_LENGTH = 10000;  // characters of a message, as the server takes them
// A page that loads it as a module, or by a script of its own that evaluates it, has no current script.
const tag = document.currentScript ?? document.querySelector("script[src*='/widget.js']");
const base = new URL(tag.src).origin;
const storagePrefix = `turngate:${base}`;

// Browsers may block storage: then reading the property itself fails, and the conversation lasts as long as the page.
function findStorage(name) {
  try { return window[name]; } catch { return null; }
}
const lasting = findStorage("localStorage");  // shared by all tabs
const ofTab = findStorage("sessionStorage");

function stored(area, name, fallback) {
  try { return JSON.parse(area.getItem(`${storagePrefix}:${name}`)) ?? fallback; } catch { return fallback; }
}

function store(area, name, value) {  // returns whether more than this page has it
  try {
    area.setItem(`${storagePrefix}:${name}`, JSON.stringify(value));
    return true;
  } catch { return false; }
}

function unstore(area, name) {
  try { area.removeItem(`${storagePrefix}:${name}`); } catch { /* blocked: nothing was stored */ }
}

function openChannel() {  // to the other tabs
  try { return new BroadcastChannel(storagePrefix); } catch { return null; }
}
const channel = openChannel();

const until = (signal, milliseconds) => new Promise((done) => {  // a pause that a signal ends early
  const timer = setTimeout(done, milliseconds);
  signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
});

const vary = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);  // so that pages do not all ask at once
