// Who uses the widget: a visitor, a user whom the page identifies, or the next one after a logout.
function change() {  // stop all that is under way, and show nothing until it is known who is there
  person.abort();
  person = new AbortController();
  stopReading();
  clearTimeout(timer);
  pendingSession = cursor = answering = null;
  busy = false;
  retryDelay = FIRST_RETRY_MS;
  blockedUntil = 0;
  rendered = "";
  clearView();
}

async function identify(proof) {
  if (!proof || !["string", "function"].includes(typeof proof)) throw new TypeError("identify(token), or a function that returns one");
  if (identity && session && session.session_id === sessionOf(proof)) {  // the same user: nothing changes
    identity = proof;
    return;
  }
  const isSomebodyElse = Boolean(identity);
  change();
  if (isSomebodyElse) field.value = "";
  setUnsent(unsent.filter((item) => item.owner !== "user"));  // typed by somebody who was never identified
  identity = proof;
  session = null;
  const { signal } = person;
  await ensureSession();
  signal.throwIfAborted();
  setUnsent(unsent.map((item) => item.owner === "user" ? { ...item, owner: owner() } : item)
    .filter((item) => [owner(), "visitor"].includes(item.owner)));  // of another user nothing stays
  restoreDraft();
  follow();
  sendNext();
}

function forget() {
  change();
  identity = session = null;
  isKept = false;
  unsent = [];
  field.value = "";
  for (const name of ["session", "user"]) unstore(lasting, name);
  for (const name of ["queue", "draft", "open"]) unstore(ofTab, name);
  panel.hidden = true;
  open.setAttribute("aria-expanded", "false");
}

function logout() {
  forget();
  channel?.postMessage("logout");
}
