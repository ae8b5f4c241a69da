"use strict";

// Agent pane beside the phone: the provider's desk lists the possible moves and the state of the conversation.
const pane = document.getElementById("agent");
if (pane) startPane();

function startPane() {
  const at = (id) => document.getElementById(id);
  const replyField = at("agent-text"), log = at("agent-log"), errorBox = at("agent-trouble");
  let conversation = null;  // the conversation that the phone shows, and the last line read

  const speakers = { contact: "Contact: ", bot: "Bot: ", agent: "Agent: ", note: "Note: " };

  function showLine(line) {
    const item = document.createElement("li"), bubble = document.createElement("div"), speaker = document.createElement("small");
    item.className = line.direction;
    bubble.className = "bubble";
    bubble.textContent = line.text;
    speaker.textContent = speakers[line.direction] || "";
    item.append(speaker, bubble);
    log.append(item);
    at("agent-hint").hidden = true;
    log.scrollTop = log.scrollHeight;
    if (line.direction === "agent") document.dispatchEvent(new CustomEvent("agent", { detail: line.text }));
  }

  function showMoves(moves) {
    at("moves").replaceChildren(...moves.map((move) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = move.label;
      button.addEventListener("click", () => runMove(move));
      return button;
    }));
  }

  async function runMove(move) {
    const text = replyField.value.trim();
    if (move.speaks && !text) return replyField.focus();
    try {
      const response = await fetch("/console/agent", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ surface: conversation.surface, person: conversation.person, move: move.name, text: move.speaks ? text : "" }),
      });
      if (!response.ok) throw new Error((await response.json()).error.message);
      if (move.speaks) replyField.value = "";
      errorBox.hidden = true;
    } catch (error) {
      errorBox.textContent = "Failed: " + error.message;
      errorBox.hidden = false;
    }
  }

  async function poll(current) {
    while (current === conversation) {
      try {
        const query = new URLSearchParams({ surface: current.surface, person: current.person, after: current.last });
        const response = await fetch("/console/agent?" + query);
        const body = await response.json();
        if (current !== conversation) return;
        if (!response.ok) throw new Error(body.error.message);
        if (!current.moves) showMoves(current.moves = body.moves);
        current.last = body.last;
        at("standing").textContent = body.standing.words || "no conversation yet";
        for (const button of at("moves").children) button.disabled = !body.standing.thread;
        for (const line of body.lines) showLine(line);
      } catch (error) {
        errorBox.textContent = "No connection to the desk: " + error.message;
        errorBox.hidden = false;
      }
      await new Promise((done) => setTimeout(done, document.hidden ? 3000 : 300));
    }
  }

  document.addEventListener("conversation", (event) => {
    conversation = { ...event.detail, last: 0 };
    pane.hidden = !conversation.desk;
    log.replaceChildren();
    at("agent-hint").hidden = false;
    errorBox.hidden = true;
    if (conversation.desk) {
      at("agent-title").textContent = conversation.desk;
      poll(conversation);
    }
  });
  document.addEventListener("said", (event) => {
    if (conversation?.desk) showLine({ direction: event.detail.speaker, text: event.detail.text });
  });
  at("agent-say").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = at("moves").firstElementChild;
    if (first && !first.disabled) first.click();
  });
  replyField.disabled = false;
}
