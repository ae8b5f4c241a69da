// Sends the messages in order, one at a time, and shows each answer while it is produced.
const FIRST_RETRY_MS = 500, LONGEST_RETRY_MS = 15000, LONG_WAIT_SECONDS = 10;
let busy = false, retryDelay = FIRST_RETRY_MS, timer = 0;
let blockedUntil = 0;  // the server has asked to wait until then
let answering = null;  // the element with the answer that is being produced
let isReported = false;

async function showAnswer(answer, hear, signal) {  // shows the pieces, and returns whether the answer is complete
  let text = "";
  setNotice("");
  log.setAttribute("aria-busy", "true");  // announced once, when it is complete
  for await (const event of events(answer.body, hear)) {
    signal.throwIfAborted();
    if (event.event === "done") return event.data.status !== "pending";
    text = event.event === "restart" ? event.data.text : text + event.data.text;
    showPiece({ from: "bot", text });
  }
  return false;
}

function showPiece(line) {
  const wasAtEnd = isAtEnd();
  answering = answering ? fill(answering, line) : bubble(line);
  if (!answering.isConnected) list.append(answering);
  if (wasAtEnd) scrollToEnd();
}

async function deliver(item, signal) {
  const isComplete = await call("/stream", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": item.id },
    body: JSON.stringify({ text: item.text, payload: item.payload || "", locale: turnLocale }),
  }, (answer, hear) => showAnswer(answer, hear, signal));
  signal.throwIfAborted();
  if (!isComplete) throw new Error("the answer broke off");
}

function drop(item) {
  setUnsent(unsent.filter((each) => each.id !== item.id));
  answering = null;
  retryDelay = FIRST_RETRY_MS;
}

function refuse(item) {
  drop(item);
  list.querySelector(".waiting")?.remove();
  rendered = "";
  field.value ||= item.text;
  keepDraft();
  setNotice(words.refused);
}

function describeFailure(error) {
  if (error instanceof SignedOut) return words.signedOut;
  if ([403, 404].includes(error.status)) {
    if (!isReported) console.warn("Turngate: the gateway does not serve this page; see TURNGATE_WEB_ORIGINS.", error);
    isReported = true;
    return words.unavailable;
  }
  if (error.retryAfter > LONG_WAIT_SECONDS) return say("busy", { time: writeDuration(error.retryAfter) });
  return navigator.onLine ? words.retrying : words.offline;
}

function retryLater(error) {
  setNotice(describeFailure(error));
  const asked = (error.retryAfter || 0) * 1000;
  blockedUntil = asked && Date.now() + asked;
  retryDelay = Math.min(retryDelay * 2, LONGEST_RETRY_MS);
  timer = setTimeout(sendNext, asked + vary(asked ? 1000 : retryDelay));
}

async function sendNext() {
  const [item] = queued(), { signal } = person;
  if (busy || !item) return;
  clearTimeout(timer);
  if (blockedUntil > Date.now()) {
    timer = setTimeout(sendNext, blockedUntil - Date.now());
    return;
  }
  busy = true;
  if (isWaitingForNews) stopReading();  // the answer comes another way
  let isSettled = true;
  try {
    await deliver(item, signal);
    drop(item);
    list.querySelector(".waiting")?.classList.remove("waiting");
    await readMessages(stopReading()).catch(() => {});  // it is answered; what is new is shown with the next reading
  } catch (error) {
    if (signal.aborted) return;
    isSettled = error instanceof Refused;
    if (isSettled) refuse(item);
    else retryLater(error);
  }
  if (signal.aborted) return;
  busy = false;
  log.setAttribute("aria-busy", "false");
  if (isSettled) channel?.postMessage("changed");
  if (isSettled && queued().length) sendNext();
  else follow();
}

function enqueue(text, payload = "") {
  const id = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
  text = text.toWellFormed?.() ?? text;  // half an emoji is no text
  setUnsent([...unsent, { id, text, payload, owner: owner() }]);
  choiceBar.replaceChildren();
  list.append(bubble({ from: "person", text, isWaiting: true }));
  scrollToEnd();
  sendNext();
}
