// Requests to the gateway.
const SILENCE_MS = 45000;  // the server writes every 15 seconds, and no request waits for more than 25
const MAX_WAIT_SECONDS = 3600;

class SignedOut extends Error {}
class Refused extends Error {}  // the server does not take this message, now or later

class ServerError extends Error {
  constructor(path, answer) {
    super(`${path}: ${answer.status}`);
    this.status = answer.status;
    this.retryAfter = readRetryAfter(answer.headers.get("Retry-After"));
  }
}

function readRetryAfter(text) {  // in seconds; of a number or a date
  const seconds = /^\d+$/.test(text ?? "") ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Math.min(Math.max(Math.ceil(seconds) || 0, 0), MAX_WAIT_SECONDS);
}

// Fails if somebody else uses the widget now, if `stop` is aborted, or if the server is silent.
async function request(path, options, read, stop = person.signal) {
  const control = new AbortController(), isOver = new AbortController();
  for (const each of [person.signal, stop]) {
    each.throwIfAborted();
    each.addEventListener("abort", () => control.abort(each.reason), { signal: isOver.signal });
  }
  let timer = 0;
  const hear = () => { clearTimeout(timer); timer = setTimeout(() => control.abort(new Error("silence")), SILENCE_MS); };
  hear();
  try {
    const answer = await fetch(base + path, { ...options, signal: control.signal });
    hear();
    return await read(answer, hear);
  } finally {
    clearTimeout(timer);
    isOver.abort();
  }
}

// With `isOptional` it fails rather than begin a new session.
async function call(path, options, read, { stop, isOptional = false, mayRepeat = true } = {}) {
  const { signal } = person;
  recall();
  if (!isValid()) {
    if (isOptional) throw new SignedOut();
    await ensureSession();
  } else if (session.renew_at <= Date.now()) await ensureSession().catch(() => {});  // the token is still valid
  signal.throwIfAborted();
  const used = session;
  const authorized = { ...options, headers: { Authorization: `Bearer ${used.token}`, ...options.headers } };
  let isExpired = false;
  const result = await request(path, authorized, (answer, hear) => {
    isExpired = answer.status === 401 && mayRepeat;  // by the server's clock, or its secret was replaced
    if (isExpired) return null;
    if ([400, 409, 413, 422].includes(answer.status)) throw new Refused(path);
    if (!answer.ok) throw new ServerError(path, answer);
    return read(answer, hear);
  }, stop);
  if (!isExpired) return result;
  if (stored(lasting, place(), null)?.token === used.token) keepSession(null);
  else session = null;
  return call(path, options, read, { stop, isOptional, mayRepeat: false });
}

async function* events(body, hear) {  // server-sent events
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    hear();
    const blocks = (text += value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const [, name, rest] = line.match(/^(\w+): (.*)$/s) || [];
        if (name) event[name] = rest;
      }
      if (event.event) yield { ...event, data: JSON.parse(event.data) };
    }
  }
}
