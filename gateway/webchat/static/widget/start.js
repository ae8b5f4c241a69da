// What the user and the page do, and the start.
function show(visible, { takesFocus = true } = {}) {
  const hadFocus = root.activeElement !== null;
  panel.hidden = !visible;
  open.setAttribute("aria-expanded", String(visible));
  store(ofTab, "open", visible);
  if (visible) {
    follow();
    if (takesFocus) field.focus();
  } else {
    stopReading();
    if (hadFocus) open.focus();
  }
}

function submit(event) {
  event.preventDefault();
  const text = field.value.trim(), length = [...text].length;
  if (length > MAX_LENGTH) {
    setNotice(say("tooLong", { length: writeNumber(length), limit: writeNumber(MAX_LENGTH) }));
    return;
  }
  field.value = "";
  keepDraft();
  if (text) enqueue(text);
}

function refuseFiles(event, data) {  // a dropped file would replace the page
  if (![...data?.types || []].includes("Files")) return;
  event.preventDefault();
  if (event.type !== "dragover") setNotice(words.noFiles);
}

function listenToUser() {
  open.addEventListener("click", () => show(panel.hidden));
  close.addEventListener("click", () => show(false));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) show(false);
  });
  for (const type of ["keydown", "keypress", "keyup"]) {  // to the page the field is no field: its shortcuts would take letters
    root.addEventListener(type, (event) => event.stopPropagation());
  }
  field.addEventListener("keydown", (event) => {
    const isComposing = event.isComposing || event.keyCode === 229;  // Safari: the Enter that ends a composition
    if (event.key === "Enter" && !event.shiftKey && !isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", keepDraft);
  form.addEventListener("submit", submit);
  for (const type of ["dragover", "drop"]) panel.addEventListener(type, (event) => refuseFiles(event, event.dataTransfer));
  field.addEventListener("paste", (event) => {
    if (!event.clipboardData?.getData("text")) refuseFiles(event, event.clipboardData);
  });
}

function listenToBrowser() {
  window.addEventListener("online", () => { sendNext(); follow(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) stopReading(); else follow(); });
  window.addEventListener("pagehide", stopReading);
  window.addEventListener("pageshow", ({ persisted }) => {  // from the back/forward cache, where no message of another tab arrives
    if (!persisted) return;
    if (session && isKept && !stored(lasting, place(), null)) return forget();
    follow();
    sendNext();
  });
  if (channel) channel.onmessage = ({ data }) => {
    if (data === "logout") return forget();
    recall();
    if (!busy) follow();
  };
}

function start() {
  document.body.append(host);
  listenToUser();
  listenToBrowser();
  const wasOpen = stored(ofTab, "open", false);
  if (settings.identity) {
    identity = session = null;
    identify(settings.identity).catch((error) => console.warn("Turngate: the user could not be identified.", error));
  } else {
    restoreDraft();
    sendNext();
  }
  if (wasOpen) show(true, { takesFocus: false });
  window.Turngate = Object.freeze({ identify, logout, open: () => show(true), close: () => show(false) });
  window.dispatchEvent(new Event("turngate:ready"));
}

document.body ? start() : document.addEventListener("DOMContentLoaded", start);
