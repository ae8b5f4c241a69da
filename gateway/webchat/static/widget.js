// The web widget: one script tag, no framework, nothing outside its own shadow root.
//   <script src="https://bots.example.com/widget.js" data-title="Harbour Lane" data-color="#0b57d0" async></script>
"use strict";
(() => {
  const tag = document.currentScript;
  const base = new URL(tag.src).origin;
  const settings = { title: "Chat", color: "#0b57d0", label: "Write a message", ...tag.dataset };
  const storagePrefix = `turngate:${base}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(storagePrefix) : null;
  const stored = (store, name, fallback) => {
    try { return JSON.parse(store.getItem(`${storagePrefix}:${name}`)) ?? fallback; } catch { return fallback; }
  };
  const store = (where, name, value) => {
    try { where.setItem(`${storagePrefix}:${name}`, JSON.stringify(value)); } catch { /* storage full or blocked: only this page has it */ }
  };

  // Unsent messages, in order. They survive a reload; the id is the idempotency key of a retry.
  let queue = stored(sessionStorage, "queue", []);
  let session = stored(localStorage, "session", null);
  let busy = false, retryDelay = 500, rendered = "", timer = 0;

  // --- elements ---
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483000;
      font: 1rem/1.45 system-ui, sans-serif; color-scheme: light dark; }
    * { box-sizing: border-box; font: inherit; }
    button { cursor: pointer; border: 0; }
    :focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
    .open { width: 3.5rem; height: 3.5rem; border-radius: 50%; background: var(--color); color: #fff;
      box-shadow: 0 4px 16px #0005; margin-left: auto; display: grid; place-items: center; }
    .panel { width: min(23rem, calc(100vw - 2rem)); height: min(34rem, calc(100vh - 7rem)); margin-bottom: .75rem;
      display: flex; flex-direction: column; overflow: hidden; border-radius: 1rem; background: light-dark(#fff, #1b1c1f);
      color: light-dark(#1b1c1f, #eceef1); box-shadow: 0 8px 32px #0006; }
    .panel[hidden] { display: none; }
    header { padding: .8rem 1rem; background: var(--color); color: #fff; font-weight: 600; display: flex; }
    header button { margin-left: auto; background: none; color: inherit; }
    ol { flex: 1; overflow-y: auto; margin: 0; padding: 1rem; list-style: none; display: flex;
      flex-direction: column; gap: .5rem; }
    li { max-width: 85%; padding: .5rem .8rem; border-radius: 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
    .bot, .agent { align-self: start; background: light-dark(#eef0f3, #2c2e33); border-bottom-left-radius: .3rem; }
    .person { align-self: end; background: var(--color); color: #fff; border-bottom-right-radius: .3rem; }
    .agent { border-left: .2rem solid var(--color); }
    .waiting { opacity: .65; }
    .choices { display: flex; flex-wrap: wrap; gap: .4rem; }
    .choices button { padding: .35rem .8rem; border: 1px solid var(--color); border-radius: 1rem;
      background: none; color: inherit; }
    a { color: inherit; } img { max-width: 100%; border-radius: .6rem; display: block; } strong { font-weight: 600; }
    em { font-style: italic; } code { font-family: ui-monospace, monospace; }
    .state { min-height: 1.4em; padding: 0 1rem; font-size: .8rem; opacity: .75; }
    form { display: flex; gap: .5rem; padding: .7rem; border-top: 1px solid light-dark(#d9dce1, #3a3d43); }
    textarea { flex: 1; resize: none; height: 2.6rem; padding: .55rem .8rem; border-radius: 1.3rem; color: inherit;
      border: 1px solid light-dark(#b9bec7, #565b64); background: transparent; }
    form button { padding: 0 1rem; border-radius: 1.3rem; background: var(--color); color: #fff; }
    @media (prefers-reduced-motion: no-preference) { li { animation: come .15s ease-out; }
      @keyframes come { from { opacity: 0; transform: translateY(.3rem); } } }`);
  root.adoptedStyleSheets = [style];
  host.style.setProperty("--color", settings.color);

  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const close = make("button", { type: "button", "aria-label": "Close" }, "✕");
  const list = make("ol", { role: "log", "aria-live": "polite", "aria-label": "Conversation", tabindex: "0" });
  const state = make("div", { class: "state", role: "status" });
  const field = make("textarea", { "aria-label": settings.label, placeholder: settings.label, rows: "1", maxlength: "10000" });
  const form = make("form", {}, field, make("button", {}, "Send"));
  const panel = make("section", { class: "panel", role: "dialog", "aria-label": settings.title, hidden: "" },
    make("header", {}, make("span", {}, settings.title), close), list, state, form);
  const open = make("button", { class: "open", type: "button", "aria-expanded": "false", "aria-label": settings.title });
  open.innerHTML = '<svg width="26" height="26" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"/></svg>';
  root.append(panel, open);

  // --- rendering ---
  const ESCAPE = /\\([!-/:-@[-`{-~])/g;
  const unescape = (text) => text.replace(ESCAPE, "$1");
  const SPAN = /\\([!-/:-@[-`{-~])|\*\*((?:\\.|.)+?)\*\*|\*((?!\s)(?:\\.|[^*\\])+)\*|`([^`]+)`|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)]+)/g;
  const link = (label, url) => make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
  const renderMarkup = (text) => {  // text becomes nodes, never HTML
    const nodes = [];
    let at = 0;
    for (const match of text.matchAll(SPAN)) {
      nodes.push(text.slice(at, match.index));
      const [matched, escaped, strong, em, code, label, url, plainUrl] = match;
      nodes.push(escaped || (strong ? make("strong", {}, unescape(strong)) : em ? make("em", {}, unescape(em))
        : code ? make("code", {}, code) : label ? link(unescape(label), unescape(url))
        : link(unescape(plainUrl), unescape(plainUrl))));
      at = match.index + matched.length;
    }
    return [...nodes, text.slice(at)];
  };
  const bubble = (from, text, extraClass = "") => make("li", { class: `${from} ${extraClass}`.trim() }, ...renderMarkup(text));
  const media = (each) => each.content_type?.startsWith("image/") && /^https?:/.test(each.url)
    ? make("img", { src: each.url, alt: each.name || "picture" }) : link(each.name || each.url, each.url);
  const render = (messages) => {
    const items = messages.flatMap((message) => {
      const item = bubble(message.from, message.text);
      item.append(...(message.media || []).filter((each) => /^https?:/.test(each.url)).map(media));
      return item;
    });
    const last = messages.at(-1);
    const choices = last?.from === "bot" && !queue.length ? last.choices || [] : [];
    list.replaceChildren(...items, ...queue.map((each) => bubble("person", each.text, "waiting")));
    if (choices.length) list.append(make("div", { class: "choices" }, ...choices.map((choice) => {
      const button = make("button", { type: "button" }, choice.label);
      button.addEventListener("click", () => choice.url ? window.open(choice.url, "_blank", "noopener")
        : say(choice.label, choice.payload));
      return button;
    })));
    list.scrollTop = list.scrollHeight;
  };

  // --- API ---
  const call = async (path, options = {}) => {
    if (!session) {
      const created = await fetch(`${base}/web/session`, { method: "POST", headers: { "Content-Type": "application/json" } });
      if (!created.ok) throw new Error(`no session: ${created.status}`);
      store(localStorage, "session", session = await created.json());
    }
    const headers = { Authorization: `Bearer ${session.token}`, ...options.headers };
    const answer = await fetch(base + path, { ...options, headers });
    if (answer.status === 401) {  // the token has expired: create a new session and retry
      store(localStorage, "session", session = null);
      return call(path, options);
    }
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer;
  };
  const refresh = async () => {
    if (!session && !queue.length) return render([]);
    const { messages } = await (await call("/web/history")).json();
    const now = JSON.stringify([messages, queue]);
    if (now !== rendered) { rendered = now; render(messages); }
  };
  const events = async function* (body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text += value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const event = {};
        for (const line of block.split("\n")) {
          const [, name, rest] = line.match(/^(\w+): (.*)$/) || [];
          if (name) event[name] = rest;
        }
        if (event.event) yield { ...event, data: JSON.parse(event.data) };
      }
    }
  };
  const sendNext = async () => {
    if (busy || !queue.length) return;
    busy = true;
    const item = queue[0];
    let partial = null, content = "";
    try {
      const answer = await call("/stream", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": item.id },
        body: JSON.stringify({ text: item.text, payload: item.payload || "" }),
      });
      state.textContent = "";
      let finished = false;
      for await (const event of events(answer.body)) {
        if (event.event === "done") { finished = event.data.status !== "pending"; break; }
        content = event.event === "restart" ? event.data.text : content + event.data.text;
        const next = bubble("bot", content);
        partial ? partial.replaceWith(next) : list.append(next);
        partial = next;
        list.scrollTop = list.scrollHeight;
      }
      if (!finished) throw new Error("the answer broke off");
      queue.shift();
      store(sessionStorage, "queue", queue);
      retryDelay = 500;
      await refresh();
      channel?.postMessage("changed");
    } catch {
      state.textContent = navigator.onLine ? "Trying again…" : "You are offline. Your message is kept.";
      clearTimeout(timer);
      timer = setTimeout(sendNext, retryDelay = Math.min(retryDelay * 2, 15000));
    } finally {
      busy = false;
    }
    if (queue.length && retryDelay === 500) sendNext();
  };
  const say = (text, payload = "") => {
    queue.push({ id: crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`, text, payload });
    store(sessionStorage, "queue", queue);
    list.querySelector(".choices")?.remove();
    list.append(bubble("person", text, "waiting"));
    list.scrollTop = list.scrollHeight;
    sendNext();
  };

  // --- user actions ---
  const show = (visible) => {
    panel.hidden = !visible;
    open.setAttribute("aria-expanded", String(visible));
    store(sessionStorage, "open", visible);
    if (visible) { refresh().catch(() => {}); field.focus(); } else open.focus();
  };
  open.addEventListener("click", () => show(panel.hidden));
  close.addEventListener("click", () => show(false));
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    if (text) say(text);
  });
  window.addEventListener("online", () => { clearTimeout(timer); sendNext(); });
  if (channel) channel.onmessage = () => {
    session = stored(localStorage, "session", session);
    refresh().catch(() => {});
  };
  setInterval(() => {  // poll for proactive messages
    if (!panel.hidden && !document.hidden && !busy && session) refresh().catch(() => {});
  }, 5000);

  const start = () => {
    document.body.append(host);
    if (stored(sessionStorage, "open", false)) show(true);
    sendNext();
  };
  document.body ? start() : document.addEventListener("DOMContentLoaded", start);
})();
