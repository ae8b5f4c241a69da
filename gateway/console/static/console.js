// Keeps an open page up to date, and shows times in the zone of whoever reads it. Without it pages are complete, in UTC.

const IDLE_MS = 15_000, SILENCE_MS = 40_000, READ_MS = 20_000;  // the stream has an event every 15 seconds
const live = document.body.dataset.live;
const status = document.getElementById("live");
const shown = new WeakMap();  // what the server sent for each part, as the browser changes times in it
let source = null, since = "", timer = 0, isReading = false, isStale = false, heardAt = 0, isOver = false;

// --- times ---

const day = new Intl.DateTimeFormat("en-CA");
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const formats = {
  clock: new Intl.DateTimeFormat("en-GB", { ...CLOCK, fractionalSecondDigits: 2 }),
  seconds: new Intl.DateTimeFormat("en-GB", CLOCK),
  thisYear: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  otherYear: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" }),
  day: new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" }),
};

function formatTime(date, kind) {
  if (kind === "clock" || kind === "day") return formats[kind].format(date).replaceAll(",", "");
  const now = new Date();
  const form = day.format(date) === day.format(now) ? "seconds" : date.getFullYear() === now.getFullYear() ? "thisYear" : "otherYear";
  return formats[form].format(date).replaceAll(",", "");
}

function showLocalTimes(part) {
  for (const each of part.querySelectorAll("time[data-format]")) {
    const date = new Date(each.dateTime);
    if (!Number.isNaN(date.getTime())) each.textContent = formatTime(date, each.dataset.format);
  }
  const name = zone.formatToParts(new Date()).find((each) => each.type === "timeZoneName").value;
  for (const each of part.querySelectorAll("[data-zone]")) each.textContent = name;
  for (const list of part.querySelectorAll("ol.messages")) separateDays(list);
}

// The server separates days of UTC: a message may belong to the day before or after.
function separateDays(list) {
  const separators = list.querySelectorAll(":scope > .day");
  if (!separators.length) return;
  const form = separators[0].cloneNode(true);
  for (const each of separators) each.remove();
  let last = "";
  for (const item of [...list.children]) {
    const time = item.querySelector("time");
    if (!time || day.format(new Date(time.dateTime)) === last) continue;
    last = day.format(new Date(time.dateTime));
    const separator = form.cloneNode(true);
    separator.querySelector("time").dateTime = time.dateTime;
    separator.querySelector("time").textContent = formatTime(new Date(time.dateTime), "day");
    item.before(separator);
  }
}

// --- live parts ---

function rememberParts() {
  for (const part of document.querySelectorAll("[data-part]")) shown.set(part, part.innerHTML);
}

// Something that is written, chosen or read with the pointer stays as it is.
function isInUse(part) {
  const selection = getSelection();
  const isSelected = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  return isSelected || part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
}

function replace(part, next) {
  if (shown.get(part) === next.innerHTML) return;
  if (isInUse(part)) {
    isStale = true;
    return;
  }
  shown.set(part, next.innerHTML);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const key = focused && (focused.id ? "#" + CSS.escape(focused.id) : focused.matches("a") ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : "");
  const opened = [...part.querySelectorAll("details")].map((each) => each.open);
  part.replaceChildren(...document.importNode(next, true).childNodes);
  [...part.querySelectorAll("details")].forEach((each, number) => { if (number < opened.length) each.open = opened[number]; });
  showLocalTimes(part);
  if (key) part.querySelector(key)?.focus({ preventScroll: true });
}

// Rows do not move under the pointer: what is new waits behind a link.
function announceRows(part, next) {
  const keys = new Set([...part.querySelectorAll("[data-row]")].map((each) => each.dataset.row));
  const number = [...next.querySelectorAll("[data-row]")].filter((each) => !keys.has(each.dataset.row)).length;
  const note = document.getElementById(part.dataset.news);
  if (!note) return;
  note.hidden = !number;
  if (number) note.querySelector("[data-number]").textContent = String(number);
}

async function read() {
  if (isReading) {
    isStale = true;
    return;
  }
  isReading = true;
  isStale = false;
  try {
    const answer = await fetch(document.body.dataset.url || location.href, {
      headers: { Accept: "text/html" }, signal: AbortSignal.timeout(READ_MS),
    });
    if (answer.redirected || answer.status === 401 || answer.status === 403) return end();
    if (!answer.ok) throw new Error(String(answer.status));
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = next.title;
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = next.getElementById(part.id);
      if (other) (part.dataset.part === "rows" ? announceRows : replace)(part, other);
    }
    dispatchEvent(new CustomEvent("turngate:changed"));
    say(source ? "Live" : "Updated every 15 s");
  } catch {
    say("Not connected");
    isStale = true;
  } finally {
    isReading = false;
  }
}

function say(words) {
  if (!status || status.textContent === words) return;
  status.textContent = words;
  status.hidden = false;
}

function end() {
  isOver = true;
  close();
  say("Signed out");
}

function close() {
  source?.close();
  source = null;
  clearInterval(timer);
  timer = 0;
}

// A hidden inbox goes on asking, so that its title has the number of those who wait, and its sound is heard.
function rest() {
  close();
  if (!isOver && new URLSearchParams(live).get("view") === "inbox") timer = setInterval(read, IDLE_MS);
}

function open() {
  if (source || isOver || document.hidden) return;
  clearInterval(timer);
  timer = 0;
  const query = new URLSearchParams(live);
  if (since) query.set("since", since);
  source = new EventSource("/console/events?" + query);
  heardAt = Date.now();
  const change = (event) => {
    since = event.lastEventId;
    heardAt = Date.now();
    read();
  };
  source.addEventListener("open", () => {
    heardAt = Date.now();
    say("Live");
  });
  source.addEventListener("alive", () => { heardAt = Date.now(); });
  source.addEventListener("changed", change);
  source.addEventListener("end", end);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return say("Reconnecting…");
    source = null;  // refused: the page asks by itself, and tries the stream again in a minute
    setTimeout(open, 60_000);
    read();
  });
  timer ||= setInterval(() => {
    if (source && Date.now() - heardAt > SILENCE_MS) return reconnect();
    if (isStale || !source && Date.now() - heardAt > IDLE_MS) {
      heardAt = Date.now();
      read();
    }
  }, 5_000);
}

// A connection may end without a word, as when a machine wakes up in another network.
function reconnect() {
  close();
  say("Reconnecting…");
  isStale = true;
  open();
}

rememberParts();
showLocalTimes(document);
if (live) {
  open();
  document.addEventListener("visibilitychange", () => document.hidden ? rest() : open());
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
