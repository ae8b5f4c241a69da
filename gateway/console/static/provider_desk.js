"use strict";

// The agent's pane beside the phone: the desk itself says what can be done there, and what became of it.
const pane = document.getElementById("agent");
if (pane) attend();

function attend() {
  const at = (id) => document.getElementById(id);
  const words = at("agent-text"), log = at("agent-log"), trouble = at("agent-trouble");
  let known = null;  // the conversation that the phone shows, and which of its lines were read

  function show(line) {
    const item = document.createElement("li"), bubble = document.createElement("div");
    item.className = line.direction;
    bubble.className = "bubble";
    bubble.textContent = line.text;
    item.append(bubble);
    log.append(item);
    log.scrollTop = log.scrollHeight;
    if (line.direction === "agent") document.dispatchEvent(new CustomEvent("agent", { detail: line.text }));
  }

  function offer(moves) {
    at("moves").replaceChildren(...moves.map((move) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = move.label;
      button.addEventListener("click", () => act(move));
      return button;
    }));
  }

  async function act(move) {
    const text = words.value.trim();
    if (move.speaks && !text) return words.focus();
    try {
      const answer = await fetch("/console/agent", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ surface: known.surface, person: known.person, move: move.name, text: move.speaks ? text : "" }),
      });
      if (!answer.ok) throw new Error((await answer.json()).error.message);
      if (move.speaks) words.value = "";
      trouble.hidden = true;
    } catch (error) {
      trouble.textContent = "Failed: " + error.message;
      trouble.hidden = false;
    }
  }

  async function read(mine) {
    while (mine === known) {
      try {
        const query = new URLSearchParams({ surface: mine.surface, person: mine.person, after: mine.last });
        const answer = await fetch("/console/agent?" + query);
        const body = await answer.json();
        if (mine !== known) return;
        if (!answer.ok) throw new Error(body.error.message);
        if (!mine.moves) offer(mine.moves = body.moves);
        mine.last = body.last;
        at("standing").textContent = body.standing.words || "no conversation yet";
        for (const button of at("moves").children) button.disabled = !body.standing.thread;
        for (const line of body.lines) show(line);
      } catch (error) {
        trouble.textContent = "No connection to the desk: " + error.message;
        trouble.hidden = false;
      }
      await new Promise((done) => setTimeout(done, document.hidden ? 3000 : 300));
    }
  }

  document.addEventListener("conversation", (event) => {
    known = { ...event.detail, last: 0 };
    pane.hidden = !known.desk;
    log.replaceChildren();
    trouble.hidden = true;
    if (known.desk) {
      at("agent-title").textContent = known.desk;
      read(known);
    }
  });
  at("agent-say").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = at("moves").firstElementChild;
    if (first && !first.disabled) first.click();
  });
}
