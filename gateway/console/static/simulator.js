"use strict";

const OWNERS = { bot: "Bot", waiting: "Waiting for agent", human: "Agent", closed: "Closed" };

const log = document.getElementById("log");
if (log) startConsole();

function startConsole() {
  const at = (id) => document.getElementById(id);
  const text = at("text"), owner = at("owner"), take = at("take"), errorBox = at("trouble");
  const surfaces = [...document.querySelectorAll("input[name=surface]")];
  const dots = typingDots();
  const stored = localStorage.getItem("person");
  let person = /^\+\d{6,15}$/.test(stored || "") ? stored : newContact();
  let conversation = newConversation();

  function newContact() {
    const number = "+1555010" + String(Math.floor(Math.random() * 10_000)).padStart(4, "0");
    localStorage.setItem("person", number);
    return number;
  }

  // State of one conversation: its last log entry read, and the message nodes by turn and reply.
  function newConversation() {
    return { after: "", turns: new Map(), replies: new Map(), provider: new Map(), last: null, active: 0 };
  }

  function selectedInput() {
    return surfaces.find((input) => input.checked);
  }

  function surface() {
    return selectedInput().value;
  }

  function open() {
    conversation = newConversation();
    log.replaceChildren();
    at("hint").hidden = false;
    at("person").textContent = person;
    at("ours").textContent = selectedInput().dataset.ours;
    const label = selectedInput().nextElementSibling.textContent;
    at("title").textContent = label === selectedInput().dataset.ours ? "" : label;
    at("inspector").hidden = true;
    at("picture").hidden = !("pictures" in selectedInput().dataset);
    const desk = selectedInput().dataset.desk;
    take.hidden = Boolean(desk);  // agents take over at the desk itself
    document.dispatchEvent(new CustomEvent("conversation", { detail: { surface: surface(), person, desk } }));
    read(conversation);
    text.focus();
  }

  function addMessage(kind, content) {
    const item = document.createElement("li"), bubble = document.createElement("div"), timeline = document.createElement("div");
    item.className = kind;
    bubble.className = "bubble";
    bubble.textContent = content;
    timeline.className = "life";
    timeline.setAttribute("aria-live", "off");
    const speaker = document.createElement("span");
    speaker.className = "unseen";
    speaker.textContent = kind === "mine" ? "You: " : kind === "theirs" ? "Bot: " : "Agent: ";
    item.append(speaker, bubble, timeline);
    log.append(item);
    at("hint").hidden = true;
    if (kind !== "theirs person") {
      document.dispatchEvent(new CustomEvent("said", { detail: { speaker: kind === "mine" ? "contact" : "bot", text: content } }));
    }
    follow();
    return { item, timeline, steps: [], from: 0 };
  }

  function addStep(message, word, ms, bad) {
    if (!message) return;
    const elapsed = ms - message.from;
    const span = document.createElement("span");
    span.textContent = elapsed || message.timeline.firstChild ? word + " " + elapsed + " ms" : word;
    if (bad) span.className = "bad";
    message.timeline.append(span, " ");
    follow();
  }

  // Typing indicator while a worker processes the message, kept at the end.
  function typingDots() {
    const item = document.createElement("li"), bubble = document.createElement("div");
    item.className = "dots";
    item.setAttribute("aria-hidden", "true");
    bubble.className = "bubble";
    for (let count = 0; count < 3; count += 1) bubble.append(document.createElement("i"));
    item.append(bubble);
    return item;
  }

  function follow() {
    if (dots.isConnected) log.append(dots);
    log.scrollTop = log.scrollHeight;
  }

  function addNote(content) {
    const item = document.createElement("li");
    item.className = "aside";
    item.textContent = content;
    log.append(item);
    follow();
  }

  // Choices of an SMS are a numbered list; here they can be tapped.
  function showNumberedChoices(message, body) {
    const labels = [...body.matchAll(/^(\d+)\. (.+)$/gm)];
    if (labels.length < 2) return;
    showChoices(message, labels.map(([, number, label]) => [label, () => sendMessage(number)]));
  }

  // Buttons and list rows send their payload back; files are shown by name.
  function showExtras(message, extras) {
    if (!message || !extras) return;
    for (const file of extras.media) addNote("file: " + file.split("/").pop());
    if (extras.choices.length) showChoices(message, extras.choices.map(([payload, label]) => [label, () => sendMessage(label, { button: payload })]));
  }

  function showChoices(message, choices) {
    const row = document.createElement("div");
    row.className = "chips";
    for (const [label, choose] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", choose);
      row.append(button);
    }
    message.item.append(row);
    follow();
  }

  const entryHandlers = {
    accepted(data, ms, state) {
      const message = addMessage("mine", data.text || data.payload || "(" + data.files + " file)");
      message.from = ms;
      state.turns.set(data.turn, message);
      state.last = message;
      for (const old of log.querySelectorAll(".chips")) old.remove();
      addStep(message, "accepted", ms);
    },
    claimed(data, ms, state) {
      addStep(state.turns.get(data.turn), "claimed", ms);
      log.append(dots);
      follow();
    },
    committed(data, ms, state) {
      dots.remove();
      state.committed = data;
      for (const turn of data.turns) {
        state.last = state.turns.get(turn) || state.last;
        addStep(state.turns.get(turn), "committed", ms);
      }
      const silent = data.outcome.startsWith("silent_") && data.outcome.slice(7);
      if (silent) addNote("not answered: " + (OWNERS[silent] || silent.replaceAll("_", " ")));
    },
    said(data, ms, state) {
      if (data.key.endsWith(".hand_off")) return addNote("handed to agents, with a note");
      if (data.key.endsWith(".close")) return addNote("closed, as the flow has ended");
      const message = addMessage("theirs", data.body);
      message.from = state.last ? state.last.from : ms;
      if (data.segments) addStep(message, data.segments, ms);
      state.replies.set(data.key, message);
      showNumberedChoices(message, data.body);
    },
    sent(data, ms, state, extras) {
      const message = state.replies.get(data.key);
      showExtras(message, extras[data.id]);
      state.provider.set(data.id, message);
      addStep(message, "sent", ms);
    },
    status(data, ms, state) {
      if (data.status === "queued" || data.status === "sent") return;
      addStep(state.provider.get(data.id), data.status + (data.code ? " " + data.code : ""), ms, data.status === "failed");
    },
    refused(data, ms, state) { addStep(state.replies.get(data.key), "refused: " + data.reason, ms, true); },
    postponed(data) { addNote("waits: " + data.reason); },
    silenced(data) { addNote("the bot is silent: " + data.reason.replaceAll("_", " ")); },
    control(data) {
      const note = data.owner ? "owner: " + OWNERS[data.owner] : data.act.replace("_", " ");
      if (!log.lastElementChild || log.lastElementChild.textContent !== note) addNote(note);
    },
  };

  // What the last answer was made of, and what the bot knows, as far as the log and the state have it.
  function inspect(inspected, state) {
    const last = state.committed || {};
    const facts = [
      ["Node", inspected.node || last.node], ["Edge", last.edge], ["Outcome", (last.outcome || "").replaceAll("_", " ")],
      ["Model", last.model], ["Tokens", last.tokens], ["Problem", last.trouble || last.error], ...inspected.slots,
    ].filter(([, value]) => value);
    at("inspector").hidden = !facts.length && !inspected.page;
    if (inspected.page) at("inspected-page").href = inspected.page;
    at("inspected-facts").replaceChildren(...facts.flatMap(([name, value]) => {
      const term = document.createElement("dt"), detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = value;
      return [term, detail];
    }));
  }

  async function read(state) {
    while (state === conversation) {
      try {
        const query = new URLSearchParams({ surface: surface(), person, after: state.after });
        const response = await fetch("/console/conversation?" + query);
        const body = await response.json();
        if (state !== conversation) return;
        if (!response.ok) throw new Error(body.error.message);
        errorBox.hidden = true;
        for (const entry of body.entries) {
          (entryHandlers[entry.kind] || (() => {}))(entry.data, entry.at_ms, state, body.offers);
          state.after = entry.id;
          state.active = Date.now();
        }
        inspect(body.inspected, state);
        if (owner.dataset.owner !== body.owner) owner.textContent = OWNERS[body.owner];
        owner.dataset.owner = body.owner;
        take.textContent = body.owner === "bot" ? "Take over" : "Hand back";
        take.dataset.act = body.owner === "bot" ? "take_over" : "give_back";
      } catch (error) {
        errorBox.textContent = "No connection to the gateway: " + error.message;
        errorBox.hidden = false;
      }
      const pause = Date.now() - state.active < 10_000 ? 100 : 400;
      await new Promise((done) => setTimeout(done, document.hidden ? 3000 : pause));
    }
  }

  async function post(path, body) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ surface: surface(), person, ...body }),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
  }

  async function sendMessage(content, extraFields) {
    const isTyped = text.value.trim() === content.trim();
    if (isTyped) text.value = "";  // before the response: Enter may be pressed twice
    try {
      conversation.active = Date.now();
      await post("/console/say", { text: content, ...extraFields });
    } catch (error) {
      if (isTyped) text.value ||= content;
      errorBox.textContent = "Not sent: " + error.message;
      errorBox.hidden = false;
    }
    text.focus();
  }

  document.addEventListener("agent", (event) => addMessage("theirs person", event.detail));
  at("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) sendMessage(text.value);
  });
  take.addEventListener("click", () => post("/console/owner", { act: take.dataset.act }).catch(() => {}));
  at("picture").addEventListener("click", () => sendMessage(text.value.trim() || "A picture", { picture: true }));
  at("fresh").addEventListener("click", () => { person = newContact(); open(); });
  for (const input of surfaces) input.addEventListener("change", open);
  text.disabled = false;  // until now the browser itself would submit the form, with the text in the address
  open();
}
