"use strict";

const OWNERS = { bot: "Bot", waiting: "Waiting for agent", human: "Agent", closed: "Closed" };

const log = document.getElementById("log");
if (log) begin();

function begin() {
  const at = (id) => document.getElementById(id);
  const text = at("text"), owner = at("owner"), take = at("take"), trouble = at("trouble");
  const surfaces = [...document.querySelectorAll("input[name=surface]")];
  const dots = thinking();
  const stored = localStorage.getItem("person");
  let person = /^\+\d{6,15}$/.test(stored || "") ? stored : somebody();
  let conversation = fresh();

  function somebody() {
    const number = "+1555010" + String(Math.floor(Math.random() * 10_000)).padStart(4, "0");
    localStorage.setItem("person", number);
    return number;
  }

  // What the page knows of one conversation: where its log was read to, and the bubbles by message and reply.
  function fresh() {
    return { after: "", turns: new Map(), replies: new Map(), provider: new Map(), last: null, active: 0 };
  }

  function chosen() {
    return surfaces.find((input) => input.checked);
  }

  function surface() {
    return chosen().value;
  }

  function open() {
    conversation = fresh();
    log.replaceChildren();
    at("hint").hidden = false;
    at("person").textContent = person;
    at("ours").textContent = chosen().dataset.ours;
    at("title").textContent = chosen().nextElementSibling.textContent;
    at("picture").hidden = !("pictures" in chosen().dataset);
    const desk = chosen().dataset.desk;
    take.hidden = Boolean(desk);  // people take over at the desk itself
    document.dispatchEvent(new CustomEvent("conversation", { detail: { surface: surface(), person, desk } }));
    read(conversation);
    text.focus();
  }

  function line(kind, words) {
    const item = document.createElement("li"), bubble = document.createElement("div"), life = document.createElement("div");
    item.className = kind;
    bubble.className = "bubble";
    bubble.textContent = words;
    life.className = "life";
    life.setAttribute("aria-live", "off");
    item.append(bubble, life);
    log.append(item);
    at("hint").hidden = true;
    follow();
    return { item, life, steps: [], from: 0 };
  }

  function step(shown, word, ms, bad) {
    if (!shown) return;
    const took = ms - shown.from;
    const span = document.createElement("span");
    span.textContent = took || shown.life.firstChild ? word + " " + took + " ms" : word;
    if (bad) span.className = "bad";
    shown.life.append(span, " ");
    follow();
  }

  // While a worker has the message: the bubble that breathes, kept at the end.
  function thinking() {
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

  function aside(words) {
    const item = document.createElement("li");
    item.className = "aside";
    item.textContent = words;
    log.append(item);
    follow();
  }

  // A numbered list of choices, as SMS shows buttons, can be tapped here.
  function chips(shown, body) {
    const labels = [...body.matchAll(/^(\d+)\. (.+)$/gm)];
    if (labels.length < 2) return;
    offer(shown, labels.map(([, number, label]) => [label, () => say(number)]));
  }

  // Real buttons and rows of a list send back what stands behind them; files are named.
  function offers(shown, offered) {
    if (!shown || !offered) return;
    for (const file of offered.media) aside("file: " + file.split("/").pop());
    if (offered.choices.length) offer(shown, offered.choices.map(([payload, label]) => [label, () => say(label, { button: payload })]));
  }

  function offer(shown, choices) {
    const row = document.createElement("div");
    row.className = "chips";
    for (const [label, choose] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", choose);
      row.append(button);
    }
    shown.item.append(row);
    follow();
  }

  const show = {
    accepted(data, ms, known) {
      const shown = line("mine", data.text || data.payload || "(" + data.files + " file)");
      shown.from = ms;
      known.turns.set(data.turn, shown);
      known.last = shown;
      for (const old of log.querySelectorAll(".chips")) old.remove();
      step(shown, "accepted", ms);
    },
    claimed(data, ms, known) {
      step(known.turns.get(data.turn), "claimed", ms);
      log.append(dots);
      follow();
    },
    committed(data, ms, known) {
      dots.remove();
      for (const turn of data.turns) {
        known.last = known.turns.get(turn) || known.last;
        step(known.turns.get(turn), "committed", ms);
      }
      const silent = data.outcome.startsWith("silent_") && data.outcome.slice(7);
      if (silent) aside("not answered: " + (OWNERS[silent] || silent.replace("_", " ")));
    },
    said(data, ms, known) {
      if (data.key.endsWith(".hand_off")) return aside("handed to people, with a note");
      if (data.key.endsWith(".close")) return aside("closed, as the flow has ended");
      const shown = line("theirs", data.body);
      shown.from = known.last ? known.last.from : ms;
      if (data.segments) step(shown, data.segments, ms);
      known.replies.set(data.key, shown);
      chips(shown, data.body);
    },
    sent(data, ms, known, offered) {
      const shown = known.replies.get(data.key);
      offers(shown, offered[data.id]);
      known.provider.set(data.id, shown);
      step(shown, "sent", ms);
    },
    status(data, ms, known) {
      if (data.status === "queued" || data.status === "sent") return;
      step(known.provider.get(data.id), data.status + (data.code ? " " + data.code : ""), ms, data.status === "failed");
    },
    refused(data, ms, known) { step(known.replies.get(data.key), "refused: " + data.reason, ms, true); },
    postponed(data) { aside("waits: " + data.reason); },
    control(data) {
      const words = data.owner ? "owner: " + OWNERS[data.owner] : data.act.replace("_", " ");
      if (!log.lastElementChild || log.lastElementChild.textContent !== words) aside(words);
    },
  };

  async function read(known) {
    while (known === conversation) {
      try {
        const query = new URLSearchParams({ surface: surface(), person, after: known.after });
        const answer = await fetch("/console/conversation?" + query);
        const body = await answer.json();
        if (known !== conversation) return;
        if (!answer.ok) throw new Error(body.error.message);
        trouble.hidden = true;
        for (const entry of body.entries) {
          (show[entry.kind] || (() => {}))(entry.data, entry.at_ms, known, body.offers);
          known.after = entry.id;
          known.active = Date.now();
        }
        if (owner.dataset.owner !== body.owner) owner.textContent = OWNERS[body.owner];
        owner.dataset.owner = body.owner;
        take.textContent = body.owner === "bot" ? "Take over" : "Hand back";
        take.dataset.act = body.owner === "bot" ? "take_over" : "give_back";
      } catch (error) {
        trouble.textContent = "No connection to the gateway: " + error.message;
        trouble.hidden = false;
      }
      const awake = Date.now() - known.active < 10_000 ? 100 : 400;
      await new Promise((done) => setTimeout(done, document.hidden ? 3000 : awake));
    }
  }

  async function post(path, body) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ surface: surface(), person, ...body }),
    });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
  }

  async function say(words, more) {
    try {
      conversation.active = Date.now();
      await post("/console/say", { text: words, ...more });
      if (text.value === words) text.value = "";
    } catch (error) {
      trouble.textContent = "Not sent: " + error.message;
      trouble.hidden = false;
    }
    text.focus();
  }

  document.addEventListener("agent", (event) => line("theirs person", event.detail));
  at("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) say(text.value);
  });
  take.addEventListener("click", () => post("/console/owner", { act: take.dataset.act }).catch(() => {}));
  at("picture").addEventListener("click", () => say(text.value.trim() || "A picture", { picture: true }));
  at("fresh").addEventListener("click", () => { person = somebody(); open(); });
  for (const input of surfaces) input.addEventListener("change", open);
  open();
}
