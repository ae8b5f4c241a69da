// Who uses the widget: the session and its token, and the messages that are not sent yet.
// A visitor's session and an identified user's are stored apart: a page that identifies nobody never shows a user's conversation.
let identity = settings.identity || null;  // a token, or a function that returns one (or a promise of it)
let session = stored(lasting, place(), null), isKept = Boolean(session);
let person = new AbortController();  // aborted when somebody else uses the widget: nothing of theirs is sent or shown late
let pendingSession = null;

function place() { return identity ? "user" : "session"; }
function keepSession(value) { isKept = store(lasting, place(), session = value); }
function isValid() { return Boolean(session) && session.expires_at > Date.now(); }

function recall() {  // another tab may have renewed the session, or opened the visitor's
  const kept = stored(lasting, place(), null);
  const isOurs = !identity || kept?.session_id === session?.session_id;
  if (kept && isOurs && kept.expires_at > Math.max(session?.expires_at ?? 0, Date.now())) [session, isKept] = [kept, true];
}

function sessionOf(token) {  // the session of the user whom an identity token names; empty if it cannot be read
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
    return `user:${JSON.parse(new TextDecoder().decode(bytes)).sub}`;
  } catch { return ""; }
}

// Unsent messages, in order. They survive a reload; the id is the idempotency key of a retry. Only the `owner` sends and sees them.
let unsent = stored(ofTab, "queue", []).map((item) => ({ owner: "visitor", ...item }));
function owner() { return identity ? session?.session_id || sessionOf(identity) || "user" : "visitor"; }
function queued() { return unsent.filter((item) => item.owner === owner()); }
function setUnsent(items) { store(ofTab, "queue", unsent = items); }

// What is in the field survives a reload, too, and nobody but its author sees it.
function keepDraft() { store(ofTab, "draft", { owner: owner(), text: field.value }); }
function restoreDraft() {
  const draft = stored(ofTab, "draft", {});
  if (draft.owner === owner()) field.value ||= draft.text;
}

async function requestSession(signal) {
  if (!session && !identity) recall();
  if (session && session.renew_at > Date.now()) return;
  const isRenewal = isValid();
  const isAsked = typeof identity === "function";  // a user's token cannot be renewed for ever without a new proof
  const proof = isAsked ? await identity() : isRenewal ? "" : identity;
  if ((isAsked || identity && !isRenewal) && !proof) throw new SignedOut();
  const created = await request("/web/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(isRenewal && { Authorization: `Bearer ${session.token}` }) },
    body: JSON.stringify(proof ? { identity: proof } : {}),
  }, (answer) => {
    if (answer.status === 401 && (proof || isRenewal)) throw new SignedOut();
    if (!answer.ok) throw new ServerError("/web/session", answer);
    return answer.json();
  });
  signal.throwIfAborted();
  const milliseconds = created.expires_in * 1000;
  keepSession({ ...created, expires_at: Date.now() + milliseconds, renew_at: Date.now() + milliseconds / 2 });
}

function takeTurns(work, signal) {  // visitors' tabs, which share a session if they share the storage
  return !identity && lasting && navigator.locks
    ? navigator.locks.request(`${storagePrefix}:session`, { signal }, work) : work();
}

function ensureSession() {  // one request at a time, or a visitor would have two sessions
  const { signal } = person;
  const asked = pendingSession ??= takeTurns(() => requestSession(signal), signal).finally(() => {
    if (pendingSession === asked) pendingSession = null;
  });
  return asked;
}
