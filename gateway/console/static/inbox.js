"use strict";

const OWNERS = { bot: "Bot", waiting: "Waiting for agent", human: "Agent", closed: "Closed" };

const at = (id) => document.getElementById(id);
const log = at("log"), list = at("sessions"), errorBox = at("trouble"), text = at("text");
const errors = { connection: "", action: "" };
let open = null;  // the conversation shown: its session, its last log entry read, message nodes by reply

function element(name, content, kind) {
  const node = document.createElement(name);
  node.textContent = content;
  if (kind) node.className = kind;
  return node;
}

function addMessage(kind, content) {
  const item = document.createElement("li"), timeline = element("div", "", "life");
  item.className = kind;
  const speaker = { theirs: "Contact: ", "mine bot": "Bot: " }[kind] || "Agent: ";
  item.append(element("span", speaker, "unseen"), element("div", content, "bubble"), timeline);
  log.append(item);
  log.scrollTop = log.scrollHeight;
  return timeline;
}

function addNote(content) {
  log.append(element("li", content, "aside"));
  log.scrollTop = log.scrollHeight;
}

function addStep(timeline, word, bad) {
  if (timeline) timeline.append(element("span", word, bad ? "bad" : ""), " ");
}

const entryHandlers = {
  accepted(data) { addMessage("theirs", data.text || data.payload || "(" + data.files + " file)"); },
  participant(data) { addMessage("theirs", data.author + " (not the contact): " + (data.text || data.payload || "(" + data.files + " file)")); },
  said(data, conversation) { conversation.replies.set(data.key, addMessage(data.voice === "person" ? "mine" : "mine bot", data.body)); },
  sent(data, conversation) {
    conversation.provider.set(data.id, conversation.replies.get(data.key));
    addStep(conversation.replies.get(data.key), "sent");
  },
  status(data, conversation) {
    if (data.status === "queued" || data.status === "sent") return;
    const failed = data.status === "failed";
    addStep(conversation.provider.get(data.id), failed ? "not delivered: " + (data.error || data.code) : data.status, failed);
  },
  refused(data, conversation) {
    const timeline = conversation.replies.get(data.key);
    if (timeline) addStep(timeline, "not sent: " + data.reason, true);
    else addNote("a message was not sent: " + data.reason);
  },
  postponed(data) { addNote("not sent yet: " + data.reason); },
  silenced(data) { addNote("the bot is silent: " + data.reason.replaceAll("_", " ")); },
  control(data) { addNote(data.owner ? "owner: " + OWNERS[data.owner] : data.act.replaceAll("_", " ")); },
};

async function request(path, body) {
  const answer = await fetch("/console/desk/" + path, body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error.message);
  return result;
}

// The contact: the last part of the session id.
function contactName(session) {
  return session.split(":").pop();
}

function openConversation(session) {
  showError("action", "");
  open = { session, after: "", replies: new Map(), provider: new Map() };
  log.replaceChildren();
  at("name").textContent = contactName(session);
  at("name").title = session;
  at("acts").hidden = at("say").hidden = false;
  text.focus();
  readLog();
}

function showSessions(sessions) {
  const focused = document.activeElement && document.activeElement.dataset.session;
  list.replaceChildren(...sessions.map((row) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.dataset.session = row.session;
    button.dataset.owner = row.owner;
    button.setAttribute("aria-current", String(Boolean(open) && open.session === row.session));
    const minutes = Math.max(0, Math.round((Date.now() - row.since_ms) / 60_000));
    button.append(element("span", contactName(row.session)), element("small", row.channel + " · " + OWNERS[row.owner] + " · " + minutes + " min"));
    button.title = row.session;
    button.addEventListener("click", () => openConversation(row.session));
    item.append(button);
    return item;
  }));
  at("nobody").hidden = sessions.length > 0;
  if (focused) for (const button of list.querySelectorAll("button")) if (button.dataset.session === focused) button.focus();
}

// WhatsApp takes free text only for a day after the contact's last message.
function showWindow(closesMs) {
  const closes = new Date(closesMs), note = at("window");
  note.hidden = !closesMs;
  note.textContent = closes > new Date()
    ? "free text until " + closes.toLocaleString([], {weekday: "short", hour: "2-digit", minute: "2-digit"})
    : "service window closed: templates only";
}

async function readLog() {
  const conversation = open;
  const query = new URLSearchParams({ session: conversation.session, after: conversation.after });
  const result = await request("log?" + query);
  if (conversation !== open) return;
  for (const entry of result.entries) {
    if (conversation.after && !isLater(entry.id, conversation.after)) continue;
    (entryHandlers[entry.kind] || (() => {}))(entry.data, conversation);
    conversation.after = entry.id;
  }
  at("owner").textContent = OWNERS[result.owner];
  at("owner").dataset.owner = result.owner;
  showWindow(result.window_closes_ms);
  const free = result.owner === "bot" || result.owner === "closed";
  for (const button of at("acts").querySelectorAll("button")) {
    button.disabled = button.dataset.act === "take_over" ? result.owner === "human" : free;
  }
}

// Two reads may overlap; each entry is shown once.
function isLater(id, other) {
  const [ms, number] = id.split("-").map(Number), [thanMs, thanNumber] = other.split("-").map(Number);
  return ms > thanMs || (ms === thanMs && number > thanNumber);
}

async function poll() {
  for (;;) {
    try {
      showSessions((await request("sessions")).sessions);
      if (open) await readLog();
      showError("connection", "");
    } catch (error) {
      showError("connection", "No connection to the gateway: " + error.message);
    }
    await new Promise((done) => setTimeout(done, document.hidden ? 3000 : 500));
  }
}

// A failed action stays on the page until the next one, also while polling succeeds.
function showError(source, message) {
  errors[source] = message;
  errorBox.textContent = errors.connection || errors.action;
  errorBox.hidden = !errorBox.textContent;
}

async function tryAction(action) {
  try {
    await action();
    showError("action", "");
  } catch (error) {
    showError("action", "Failed: " + error.message);
  }
}

at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content) return;
  const id = String(Date.now()) + "-" + String(Math.random()).slice(2);
  tryAction(async () => {
    await request("say", { session: open.session, text: content, id });
    if (text.value.trim() === content) text.value = "";
  });
});
for (const button of at("acts").querySelectorAll("button")) {
  button.addEventListener("click", () => tryAction(() => request("act", { session: open.session, act: button.dataset.act })));
}
poll();
