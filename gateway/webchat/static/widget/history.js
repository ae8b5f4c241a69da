// Follows the conversation while somebody looks at it: the server answers when there is something new.
const SHORTEST_WAIT_SECONDS = 5, FIRST_PAUSE_MS = 2000, LONGEST_PAUSE_MS = 60000, WAITED_MS = 1000, STABLE_MS = 5000;
let cursor = null;  // where the shown messages end, as the server named it; null: read them anew
let rendered = "";  // what was shown last
let reading = new AbortController();  // aborted by whatever reads anew: no older answer is shown after a newer one
let isWaitingForNews = false;
let waitSeconds = 25;  // less if a proxy ends a request before

function isLookedAt() { return !panel.hidden && !document.hidden; }

function stopReading() {
  reading.abort();
  reading = new AbortController();
  return reading.signal;
}

async function readMessages(stop, query = "") {  // returns whether there was something new
  const { signal } = person;
  const answer = await call(`/web/history${query}`, {}, (each) => each.json(), { stop, isOptional: !identity });
  signal.throwIfAborted();
  stop.throwIfAborted();
  setConnection("");
  if (!answer.messages) return false;
  cursor = answer.cursor ?? null;  // a server of an earlier release names none
  const now = JSON.stringify([answer.messages, queued()]);
  if (now === rendered) return true;
  const isFirst = !rendered;
  rendered = now;
  render(answer.messages);
  if (isFirst) scrollToEnd();
  return true;
}

async function waitForNews(stop) {  // returns whether to ask again without a pause
  const asked = Date.now();
  isWaitingForNews = true;
  try {
    const isNew = await readMessages(stop, `?after=${encodeURIComponent(cursor)}&wait=${waitSeconds}`);
    return cursor !== null && (isNew || Date.now() - asked > WAITED_MS);  // a busy server does not wait
  } catch (error) {
    if ([408, 504].includes(error.status)) waitSeconds = Math.max(Math.floor(waitSeconds / 2), SHORTEST_WAIT_SECONDS);
    throw error;
  } finally {
    if (!stop.aborted) isWaitingForNews = false;
  }
}

function showUnread(error) {  // returns whether to try again
  if (error instanceof SignedOut && !identity) {  // a visitor without a session has no messages at the server
    if (!list.children.length) render([]);
    return false;
  }
  setConnection(words.disconnected);
  return true;
}

async function follow() {
  const stop = stopReading();
  let isCurrent = isWaitingForNews = false, pause = FIRST_PAUSE_MS;
  while (!stop.aborted && isLookedAt() && !(isCurrent && busy)) {
    let retryAfter = 0;
    const began = Date.now();
    try {
      if (!isCurrent || cursor === null) {
        await readMessages(stop);
        isCurrent = true;
        if (cursor !== null) continue;
      } else if (await waitForNews(stop)) {
        pause = FIRST_PAUSE_MS;
        continue;
      }
    } catch (error) {
      if (stop.aborted || !showUnread(error)) return;
      retryAfter = (error.retryAfter || 0) * 1000;
      isCurrent = false;
      if (Date.now() - began > STABLE_MS) pause = FIRST_PAUSE_MS;  // there was a connection
    }
    await until(stop, vary(Math.max(pause, retryAfter)));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
