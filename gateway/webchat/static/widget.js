// The web widget: one script tag, no framework, nothing outside its own shadow root.
//   <script src="https://bots.example.com/widget.js" data-title="Harbour Lane" data-color="#0b57d0" async></script>
// Pages call window.Turngate: identify(token or function), logout(), open(), close(); "turngate:ready" says that it is there.
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

  // A visitor's session and an identified user's are stored apart: a page that identifies nobody never shows a user's conversation.
  let identity = settings.identity || null;  // a token, or a function that returns one (or a promise of it)
  const place = () => identity ? "user" : "session";
  let session = stored(localStorage, place(), null);
  const sessionOf = (token) => {  // the session of the user whom an identity token names; empty if it cannot be read
    try {
      const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
      return `user:${JSON.parse(new TextDecoder().decode(bytes)).sub}`;
    } catch { return ""; }
  };
  // Unsent messages, in order. They survive a reload; the id is the idempotency key of a retry. Only the `owner` sends and sees them.
  let unsent = stored(sessionStorage, "queue", []).map((item) => ({ owner: "visitor", ...item }));
  const owner = () => identity ? session?.session_id || sessionOf(identity) || "user" : "visitor";
  const queued = () => unsent.filter((item) => item.owner === owner());
  const setUnsent = (items) => store(sessionStorage, "queue", unsent = items);
  let busy = false, retryDelay = 500, rendered = "", timer = 0;
  let person = new AbortController();  // aborted when somebody else uses the widget: nothing of theirs is sent or shown late
  let pendingSession = null;

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
    .log { flex: 1; overflow-y: auto; padding: 1rem; }
    ol { margin: 0; padding: 0; list-style: none; display: flex; flex-direction: column; gap: .5rem; }
    li { max-width: 85%; padding: .5rem .8rem; border-radius: 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
    .bot, .agent { align-self: start; background: light-dark(#eef0f3, #2c2e33); border-bottom-left-radius: .3rem; }
    .person { align-self: end; background: var(--color); color: #fff; border-bottom-right-radius: .3rem; }
    .agent { border-left: .2rem solid var(--color); }
    .waiting { opacity: .65; }
    .choices { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .5rem; }
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
  const list = make("ol"), choiceBar = make("div", { class: "choices" });
  const log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": "Conversation", tabindex: "0" }, list, choiceBar);
  const state = make("div", { class: "state", role: "status" });
  const field = make("textarea", { "aria-label": settings.label, placeholder: settings.label, rows: "1", maxlength: "10000" });
  const form = make("form", {}, field, make("button", {}, "Send"));
  const panel = make("section", { class: "panel", role: "dialog", "aria-label": settings.title, hidden: "" },
    make("header", {}, make("span", {}, settings.title), close), log, state, form);
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
    const choices = last?.from === "bot" && !queued().length ? last.choices || [] : [];
    list.replaceChildren(...items, ...queued().map((each) => bubble("person", each.text, "waiting")));
    choiceBar.replaceChildren(...choices.map((choice) => {
      const button = make("button", { type: "button" }, choice.label);
      button.addEventListener("click", () => choice.url ? window.open(choice.url, "_blank", "noopener")
        : say(choice.label, choice.payload));
      return button;
    }));
    scrollToEnd();
  };
  const scrollToEnd = () => { log.scrollTop = log.scrollHeight; };

  // --- API ---
  class SignedOut extends Error {}
  const requestSession = async (signal) => {
    const isRenewal = session && session.expires_at > Date.now();
    const proof = isRenewal || !identity ? "" : typeof identity === "function" ? await identity() : identity;
    if (identity && !isRenewal && !proof) throw new SignedOut();
    const answer = await fetch(`${base}/web/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(isRenewal && { Authorization: `Bearer ${session.token}` }) },
      body: JSON.stringify(proof ? { identity: proof } : {}),
      signal,
    });
    if (answer.status === 401 && (proof || isRenewal)) throw new SignedOut();
    if (!answer.ok) throw new Error(`no session: ${answer.status}`);
    const created = await answer.json();
    signal.throwIfAborted();
    const milliseconds = created.expires_in * 1000;
    session = { ...created, expires_at: Date.now() + milliseconds, renew_at: Date.now() + milliseconds / 2 };
    store(localStorage, place(), session);
  };
  const ensureSession = () => {  // one request at a time, or a visitor would have two sessions
    const request = pendingSession ??= requestSession(person.signal).finally(() => {
      if (pendingSession === request) pendingSession = null;
    });
    return request;
  };
  const call = async (path, options = {}, mayRetry = true) => {
    const { signal } = person;
    if (!session || session.expires_at <= Date.now()) await ensureSession();
    else if (session.renew_at <= Date.now()) await ensureSession().catch(() => {});  // the token is still valid
    signal.throwIfAborted();
    const answer = await fetch(base + path, { ...options, signal, headers: { Authorization: `Bearer ${session.token}`, ...options.headers } });
    if (answer.status === 401 && mayRetry) {  // expired by the server's clock, or its secret was replaced
      store(localStorage, place(), session = null);
      return call(path, options, false);
    }
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer;
  };
  const refresh = async () => {
    if (!session && !identity && !queued().length) return render([]);
    const { signal } = person;
    const { messages } = await (await call("/web/history")).json();
    signal.throwIfAborted();
    const now = JSON.stringify([messages, queued()]);
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
    const [item] = queued(), { signal } = person;
    if (busy || !item) return;
    busy = true;
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
        signal.throwIfAborted();
        if (event.event === "done") { finished = event.data.status !== "pending"; break; }
        content = event.event === "restart" ? event.data.text : content + event.data.text;
        const next = bubble("bot", content);
        partial ? partial.replaceWith(next) : list.append(next);
        partial = next;
        scrollToEnd();
      }
      signal.throwIfAborted();
      if (!finished) throw new Error("the answer broke off");
      setUnsent(unsent.filter((each) => each.id !== item.id));
      retryDelay = 500;
      await refresh();
      channel?.postMessage("changed");
    } catch (error) {
      if (signal.aborted) return;
      state.textContent = error instanceof SignedOut ? "Please sign in again. Your message is kept."
        : navigator.onLine ? "Trying again…" : "You are offline. Your message is kept.";
      clearTimeout(timer);
      timer = setTimeout(sendNext, retryDelay = Math.min(retryDelay * 2, 15000));
    } finally {
      if (signal === person.signal) busy = false;
    }
    if (retryDelay === 500) sendNext();
  };
  const say = (text, payload = "") => {
    const id = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
    setUnsent([...unsent, { id, text, payload, owner: owner() }]);
    choiceBar.replaceChildren();
    list.append(bubble("person", text, "waiting"));
    scrollToEnd();
    sendNext();
  };

  // --- who uses the widget ---
  const change = () => {  // stop all that is under way, and show nothing until it is known who is there
    person.abort();
    person = new AbortController();
    pendingSession = null;
    clearTimeout(timer);
    busy = false;
    retryDelay = 500;
    rendered = state.textContent = "";
    list.replaceChildren();
    choiceBar.replaceChildren();
  };
  const identify = async (proof) => {
    if (!proof || !["string", "function"].includes(typeof proof)) throw new TypeError("identify(token), or a function that returns one");
    if (identity && session && session.session_id === sessionOf(proof)) {  // the same user: nothing changes
      identity = proof;
      return;
    }
    change();
    setUnsent(unsent.filter((item) => item.owner !== "user"));  // typed by somebody who was never identified
    identity = proof;
    session = null;
    const { signal } = person;
    await ensureSession();
    signal.throwIfAborted();
    setUnsent(unsent.map((item) => item.owner === "user" ? { ...item, owner: owner() } : item)
      .filter((item) => [owner(), "visitor"].includes(item.owner)));  // of another user nothing stays
    if (!panel.hidden) refresh().catch(() => {});
    sendNext();
  };
  const forget = () => {
    change();
    identity = session = null;
    unsent = [];
    field.value = "";
    for (const [where, name] of [[localStorage, "session"], [localStorage, "user"], [sessionStorage, "queue"], [sessionStorage, "open"]]) {
      try { where.removeItem(`${storagePrefix}:${name}`); } catch { /* blocked: nothing was stored */ }
    }
    panel.hidden = true;
    open.setAttribute("aria-expanded", "false");
  };
  const logout = () => { forget(); channel?.postMessage("logout"); };

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
  if (channel) channel.onmessage = ({ data }) => {
    if (data === "logout") return forget();
    if (!identity) session = stored(localStorage, "session", session);
    if (session) refresh().catch(() => {});
  };
  setInterval(() => {  // poll for proactive messages
    if (!panel.hidden && !document.hidden && !busy && session) refresh().catch(() => {});
  }, 5000);

  const start = () => {
    document.body.append(host);
    const wasOpen = stored(sessionStorage, "open", false);
    if (settings.identity) {
      identity = session = null;
      identify(settings.identity).catch((error) => console.warn("Turngate: the user could not be identified.", error));
    } else sendNext();
    if (wasOpen) show(true);
    window.Turngate = Object.freeze({ identify, logout, open: () => show(true), close: () => show(false) });
    window.dispatchEvent(new Event("turngate:ready"));
  };
  document.body ? start() : document.addEventListener("DOMContentLoaded", start);
})();
