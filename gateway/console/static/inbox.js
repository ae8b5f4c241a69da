"use strict";

const OWNERS = { bot: "Bot", waiting: "Waiting for agent", human: "Agent", closed: "Closed" };

const at = (id) => document.getElementById(id);
const log = at("log"), list = at("sessions"), trouble = at("trouble"), text = at("text");
let open = null;  // the conversation on the screen: its session, where its log was read to, bubbles by reply

function element(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

function line(kind, words) {
  const item = document.createElement("li"), life = element("div", "", "life");
  item.className = kind;
  item.append(element("div", words, "bubble"), life);
  log.append(item);
  log.scrollTop = log.scrollHeight;
  return life;
}

function aside(words) {
  log.append(element("li", words, "aside"));
  log.scrollTop = log.scrollHeight;
}

function mark(life, word, bad) {
  if (life) life.append(element("span", word, bad ? "bad" : ""), " ");
}

const show = {
  accepted(data) { line("theirs", data.text || data.payload || "(" + data.files + " file)"); },
  said(data, known) { known.replies.set(data.key, line(data.voice === "person" ? "mine" : "mine bot", data.body)); },
  sent(data, known) {
    known.provider.set(data.id, known.replies.get(data.key));
    mark(known.replies.get(data.key), "sent");
  },
  status(data, known) {
    if (data.status === "queued" || data.status === "sent") return;
    const failed = data.status === "failed";
    mark(known.provider.get(data.id), failed ? "not delivered: " + (data.error || data.code) : data.status, failed);
  },
  refused(data, known) { mark(known.replies.get(data.key), "not sent: " + data.reason, true); },
  postponed(data) { aside("not sent yet: " + data.reason); },
  control(data) { aside(data.owner ? "owner: " + OWNERS[data.owner] : data.act.replace("_", " ")); },
};

async function ask(path, body) {
  const answer = await fetch("/console/desk/" + path, body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error.message);
  return found;
}

// Who it is: the last part of a session's name.
function person(session) {
  return session.split(":").pop();
}

function choose(session) {
  open = { session, after: "", replies: new Map(), provider: new Map() };
  log.replaceChildren();
  at("name").textContent = person(session);
  at("name").title = session;
  at("acts").hidden = at("say").hidden = false;
  text.focus();
  read();
}

function rows(sessions) {
  const focused = document.activeElement && document.activeElement.dataset.session;
  list.replaceChildren(...sessions.map((row) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.dataset.session = row.session;
    button.dataset.owner = row.owner;
    button.setAttribute("aria-current", String(Boolean(open) && open.session === row.session));
    const minutes = Math.max(0, Math.round((Date.now() - row.since_ms) / 60_000));
    button.append(element("span", person(row.session)), element("small", row.channel + " · " + OWNERS[row.owner] + " · " + minutes + " min"));
    button.title = row.session;
    button.addEventListener("click", () => choose(row.session));
    item.append(button);
    return item;
  }));
  at("nobody").hidden = sessions.length > 0;
  if (focused) for (const button of list.querySelectorAll("button")) if (button.dataset.session === focused) button.focus();
}

async function read() {
  const known = open;
  const query = new URLSearchParams({ session: known.session, after: known.after });
  const found = await ask("log?" + query);
  if (known !== open) return;
  for (const entry of found.entries) {
    if (known.after && !later(entry.id, known.after)) continue;
    (show[entry.kind] || (() => {}))(entry.data, known);
    known.after = entry.id;
  }
  at("owner").textContent = OWNERS[found.owner];
  at("owner").dataset.owner = found.owner;
  const free = found.owner === "bot" || found.owner === "closed";
  for (const button of at("acts").querySelectorAll("button")) {
    button.disabled = button.dataset.act === "take_over" ? found.owner === "human" : free;
  }
}

// Two readings may overlap: an entry is shown once.
function later(id, than) {
  const [ms, number] = id.split("-").map(Number), [thanMs, thanNumber] = than.split("-").map(Number);
  return ms > thanMs || (ms === thanMs && number > thanNumber);
}

async function follow() {
  for (;;) {
    try {
      rows((await ask("sessions")).sessions);
      if (open) await read();
      trouble.hidden = true;
    } catch (error) {
      trouble.textContent = "No connection to the gateway: " + error.message;
      trouble.hidden = false;
    }
    await new Promise((done) => setTimeout(done, document.hidden ? 3000 : 500));
  }
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    trouble.textContent = "Failed: " + error.message;
    trouble.hidden = false;
  }
}

at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  const id = String(Date.now()) + "-" + String(Math.random()).slice(2);
  attempt(async () => {
    await ask("say", { session: open.session, text: words, id });
    if (text.value.trim() === words) text.value = "";
  });
});
for (const button of at("acts").querySelectorAll("button")) {
  button.addEventListener("click", () => attempt(() => ask("act", { session: open.session, act: button.dataset.act })));
}
follow();
