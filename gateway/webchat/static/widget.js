// The web widget: one script tag, no framework, nothing outside its own shadow root.
//   <script src="https://bots.example.com/widget.js" data-title="Harbour Lane" data-color="#0b57d0" async></script>
// Pages call window.Turngate: identify(token or function), logout(), open(), close(); "turngate:ready" says that it is there.
"use strict";
(() => {
  const former = window[Symbol.for("turngate")];
  if (former) {  // the page has loaded the script before, and may have replaced its body since
    if (!former.isConnected) document.body?.append(former);
    return;
  }
  const tag = document.currentScript;
  const base = new URL(tag.src).origin;
  const settings = { title: "Chat", color: "#0b57d0", label: "Write a message", ...tag.dataset };
  const MAX_LENGTH = 10000, SILENCE_MS = 45000;  // bounds of the server: characters of a message; it writes every 15 seconds
  const storagePrefix = `turngate:${base}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(storagePrefix) : null;
  const stored = (store, name, fallback) => {
    try { return JSON.parse(store.getItem(`${storagePrefix}:${name}`)) ?? fallback; } catch { return fallback; }
  };
  const store = (where, name, value) => {
    try { where.setItem(`${storagePrefix}:${name}`, JSON.stringify(value)); return true; } catch { return false; }  // only this page has it
  };

  // A visitor's session and an identified user's are stored apart: a page that identifies nobody never shows a user's conversation.
  let identity = settings.identity || null;  // a token, or a function that returns one (or a promise of it)
  const place = () => identity ? "user" : "session";
  let session = stored(localStorage, place(), null), isKept = Boolean(session);
  const keepSession = (value) => { isKept = store(localStorage, place(), session = value); };
  const recall = () => {  // another tab may have renewed the session, or opened the visitor's
    const kept = stored(localStorage, place(), null);
    const isOurs = !identity || kept?.session_id === session?.session_id;
    if (kept && isOurs && kept.expires_at > Math.max(session?.expires_at ?? 0, Date.now())) [session, isKept] = [kept, true];
  };
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
  const host = window[Symbol.for("turngate")] = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; position: fixed; inset-block: auto 1rem; inset-inline: auto 1rem; z-index: 2147483000;
      font: 1rem/1.45 system-ui, sans-serif; color-scheme: light dark; }
    * { box-sizing: border-box; font: inherit; }
    button { cursor: pointer; border: 0; }
    :focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
    .open { width: 3.5rem; height: 3.5rem; border-radius: 50%; background: var(--color); color: #fff;
      box-shadow: 0 4px 16px #0005; margin-inline-start: auto; display: grid; place-items: center; }
    .panel { width: min(23rem, calc(100vw - 2rem)); height: min(34rem, calc(100vh - 7rem)); height: min(34rem, calc(100dvh - 7rem)); margin-bottom: .75rem;
      display: flex; flex-direction: column; overflow: hidden; border-radius: 1rem; background: light-dark(#fff, #1b1c1f);
      color: light-dark(#1b1c1f, #eceef1); box-shadow: 0 8px 32px #0006; }
    .panel[hidden] { display: none; }
    header { padding: .8rem 1rem; background: var(--color); color: #fff; font-weight: 600; display: flex; }
    header button { margin-inline-start: auto; padding: .1rem .5rem; background: none; color: inherit; }
    .log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 1rem; }
    ol { margin: 0; padding: 0; list-style: none; display: flex; flex-direction: column; gap: .5rem; }
    li { max-width: 85%; padding: .5rem .8rem; border-radius: 1rem; overflow-wrap: anywhere; white-space: pre-wrap;
      unicode-bidi: plaintext; }
    li::before { content: attr(data-who); position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .bot, .agent { align-self: start; background: light-dark(#eef0f3, #2c2e33); border-end-start-radius: .3rem; }
    .person { align-self: end; background: var(--color); color: #fff; border-end-end-radius: .3rem; }
    .agent { border-inline-start: .2rem solid var(--color); }
    .waiting { background: none; color: inherit; border: 1px dashed; font-style: italic; }
    .choices { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .5rem; }
    .choices button { padding: .35rem .8rem; border: 1px solid var(--color); border-radius: 1rem;
      background: none; color: inherit; }
    a { color: inherit; } img { max-width: 100%; border-radius: .6rem; display: block; } strong { font-weight: 600; }
    em { font-style: italic; } code { font-family: ui-monospace, monospace; }
    .state { min-height: 1.4em; padding: 0 1rem; font-size: .8rem; opacity: .75; }
    form { display: flex; gap: .5rem; padding: .7rem; border-top: 1px solid light-dark(#d9dce1, #3a3d43); }
    textarea { flex: 1; resize: none; height: auto; min-height: 2.6rem; max-height: 9rem; field-sizing: content; padding: .55rem .8rem; border-radius: 1.3rem; color: inherit;
      border: 1px solid light-dark(#b9bec7, #565b64); background: transparent; }
    form button { padding: 0 1rem; border-radius: 1.3rem; background: var(--color); color: #fff; }
    @media (prefers-reduced-motion: no-preference) { li { animation: come .15s ease-out; }
      @keyframes come { from { opacity: 0; transform: translateY(.3rem); } } }
    @media (max-height: 25rem) {  /* a small window, or a large zoom */
      .panel { position: fixed; inset: 0; width: auto; height: auto; margin: 0; border-radius: 0; }
      header { padding: .2rem .8rem; } .log { padding: .5rem .8rem; } form { padding: .3rem .8rem; } .state { min-height: 0; } }
    @media (forced-colors: active) { .panel, .open, li, form button, .choices button { border: 1px solid; } }`);
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
  const field = make("textarea", { "aria-label": settings.label, placeholder: settings.label, rows: "1", dir: "auto" });
  const form = make("form", {}, field, make("button", {}, "Send"));
  const panel = make("section", { class: "panel", role: "dialog", "aria-label": settings.title, hidden: "" },
    make("header", {}, make("span", {}, settings.title), close), log, state, form);
  const open = make("button", { class: "open", type: "button", "aria-expanded": "false", "aria-label": settings.title });
  const draw = (name, attributes, ...children) => {  // no innerHTML: pages may require trusted types
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  open.append(draw("svg", { width: "26", height: "26", viewBox: "0 0 24 24", fill: "currentColor", "aria-hidden": "true" },
    draw("path", { d: "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z" })));
  root.append(panel, open);

  // --- rendering ---
  const ESCAPE = /\\([!-/:-@[-`{-~])/g;
  const unescape = (text) => text.replace(ESCAPE, "$1");
  // In linear time for any text: no part of it may be matched in two ways.
  const SPAN = /\\([!-/:-@[-`{-~])|\*\*((?:\\.|[^\\\n])+?)\*\*|\*((?!\s)(?:\\.|[^*\\])+)\*|`([^`]+)`|\[((?:\\.|[^\[\]\\])+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)]+)/g;
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
  const WHO = { person: "You: ", bot: `${settings.title}: `, agent: "Agent: " };
  const isWeb = (url) => /^https?:/i.test(url);
  const showMedia = (each) => each.content_type?.startsWith("image/")
    ? make("img", { src: each.url, alt: each.name || "picture" }) : link(each.name || each.url, each.url);
  const shown = new WeakMap();  // what an element of the list shows
  const keyOf = ({ from, text, media }) => JSON.stringify([from, text, media || []]);
  const fill = (item, line) => {
    item.replaceChildren(...renderMarkup(line.text), ...(line.media || []).filter((each) => isWeb(each.url)).map(showMedia));
    shown.set(item, keyOf(line));
    return item;
  };
  const bubble = (line) => fill(make("li", { class: line.from, "data-who": WHO[line.from] }), line);
  const showLines = (lines) => {  // what is shown already stays as it is: screen readers announce only what is new
    const rest = [...list.children];
    const items = lines.map((line) => {
      const key = keyOf(line), at = rest.findIndex((each) => shown.get(each) === key);
      const item = at < 0 ? bubble(line) : rest.splice(at, 1)[0];
      item.classList.toggle("waiting", Boolean(line.isWaiting));
      return item;
    });
    rest.forEach((each) => each.remove());
    items.forEach((item, at) => { if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null); });
  };
  const render = (messages) => {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 50;
    const waiting = new Map(queued().map((each) => [each.id, { from: "person", text: each.text, isWaiting: true }]));
    const lines = messages.map((each) => {
      const isWaiting = waiting.delete(each.id);  // it is stored, and not answered yet
      return { ...each, isWaiting };
    });
    showLines([...lines, ...waiting.values()]);
    const last = messages.at(-1);
    const choices = last?.from === "bot" && !queued().length ? last.choices || [] : [];
    choiceBar.replaceChildren(...choices.map((choice) => {
      const button = make("button", { type: "button" }, choice.label);
      button.addEventListener("click", (event) => {
        if (choice.url) return isWeb(choice.url) && window.open(choice.url, "_blank", "noopener");
        say(choice.label, choice.payload);
        if (!event.detail) field.focus();  // by keyboard: the button is gone
      });
      return button;
    }));
    if (isAtEnd) scrollToEnd();
  };
  const scrollToEnd = () => { log.scrollTop = log.scrollHeight; };

  // --- API ---
  class SignedOut extends Error {}
  class Refused extends Error {}  // the server does not take this message, now or later
  const request = async (url, options, read) => {  // fails if somebody else uses the widget now, or if the server is silent
    const silence = new AbortController();
    let timer = 0;
    const hear = () => { clearTimeout(timer); timer = setTimeout(() => silence.abort(new Error("silence")), SILENCE_MS); };
    hear();
    const signal = AbortSignal.any?.([person.signal, silence.signal]) ?? person.signal;  // browsers before 2024 have no `any`
    try {
      const answer = await fetch(base + url, { ...options, signal });
      hear();
      return await read(answer, hear);
    } finally { clearTimeout(timer); }
  };
  const requestSession = async (signal) => {
    if (!session && !identity) recall();
    if (session && session.renew_at > Date.now()) return;
    const isRenewal = session && session.expires_at > Date.now();
    const isAsked = typeof identity === "function";  // a user's token cannot be renewed for ever without a new proof
    const proof = isAsked ? await identity() : isRenewal ? "" : identity;
    if ((isAsked || identity && !isRenewal) && !proof) throw new SignedOut();
    const created = await request("/web/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(isRenewal && { Authorization: `Bearer ${session.token}` }) },
      body: JSON.stringify(proof ? { identity: proof } : {}),
    }, (answer) => {
      if (answer.status === 401 && (proof || isRenewal)) throw new SignedOut();
      if (!answer.ok) throw new Error(`no session: ${answer.status}`);
      return answer.json();
    });
    signal.throwIfAborted();
    const milliseconds = created.expires_in * 1000;
    keepSession({ ...created, expires_at: Date.now() + milliseconds, renew_at: Date.now() + milliseconds / 2 });
  };
  const takeTurns = (work, signal) => !identity && navigator.locks  // visitors' tabs
    ? navigator.locks.request(`${storagePrefix}:session`, { signal }, work) : work();
  const ensureSession = () => {  // one request at a time, or a visitor would have two sessions
    const { signal } = person;
    const asked = pendingSession ??= takeTurns(() => requestSession(signal), signal).finally(() => {
      if (pendingSession === asked) pendingSession = null;
    });
    return asked;
  };
  const call = async (path, options, read, mayRetry = true) => {
    const { signal } = person;
    recall();
    if (!session || session.expires_at <= Date.now()) await ensureSession();
    else if (session.renew_at <= Date.now()) await ensureSession().catch(() => {});  // the token is still valid
    signal.throwIfAborted();
    const used = session;
    const authorized = { ...options, headers: { Authorization: `Bearer ${used.token}`, ...options.headers } };
    let isExpired = false;
    const result = await request(path, authorized, (answer, hear) => {
      isExpired = answer.status === 401 && mayRetry;  // by the server's clock, or its secret was replaced
      if (isExpired) return null;
      if ([400, 409, 413, 422].includes(answer.status)) throw new Refused(path);
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return read(answer, hear);
    });
    if (!isExpired) return result;
    if (stored(localStorage, place(), null)?.token === used.token) keepSession(null);
    else session = null;
    return call(path, options, read, false);
  };
  const refresh = async () => {
    if (!session && !identity && !queued().length) return render([]);
    const { signal } = person;
    const { messages } = await call("/web/history", {}, (answer) => answer.json());
    signal.throwIfAborted();
    const now = JSON.stringify([messages, queued()]);
    if (now === rendered) return;
    const isFirst = !rendered;
    rendered = now;
    render(messages);
    if (isFirst) scrollToEnd();
  };
  const events = async function* (body, hear) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      hear();
      const blocks = (text += value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const event = {};
        for (const line of block.split("\n")) {
          const [, name, rest] = line.match(/^(\w+): (.*)$/s) || [];
          if (name) event[name] = rest;
        }
        if (event.event) yield { ...event, data: JSON.parse(event.data) };
      }
    }
  };
  const showAnswer = async (answer, hear, signal) => {  // shows the pieces, and returns whether the answer is complete
    let item = null, text = "";
    state.textContent = "";
    log.setAttribute("aria-busy", "true");  // announced once, when it is complete
    for await (const event of events(answer.body, hear)) {
      signal.throwIfAborted();
      if (event.event === "done") return event.data.status !== "pending";
      text = event.event === "restart" ? event.data.text : text + event.data.text;
      item = fill(item ?? make("li", { class: "bot", "data-who": WHO.bot }), { from: "bot", text });
      if (!item.isConnected) list.append(item);
      scrollToEnd();
    }
    return false;
  };
  const sendNext = async () => {
    const [item] = queued(), { signal } = person;
    if (busy || !item) return;
    busy = true;
    const drop = () => setUnsent(unsent.filter((each) => each.id !== item.id));
    try {
      const isComplete = await call("/stream", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": item.id },
        body: JSON.stringify({ text: item.text, payload: item.payload || "" }),
      }, (answer, hear) => showAnswer(answer, hear, signal));
      signal.throwIfAborted();
      if (!isComplete) throw new Error("the answer broke off");
      drop();
      retryDelay = 500;
      await refresh().catch(() => { rendered = ""; });  // it is answered; what is new is shown with the next poll
      channel?.postMessage("changed");
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) {
        drop();
        rendered = "";
        refresh().catch(() => {});
        field.value ||= item.text;
        state.textContent = "This message cannot be sent.";
      } else {
        state.textContent = error instanceof SignedOut ? "Please sign in again. Your message is kept."
          : navigator.onLine ? "Trying again…" : "You are offline. Your message is kept.";
        clearTimeout(timer);
        timer = setTimeout(sendNext, retryDelay = Math.min(retryDelay * 2, 15000));
      }
    } finally {
      if (signal === person.signal) {
        busy = false;
        log.setAttribute("aria-busy", "false");
      }
    }
    if (retryDelay === 500) sendNext();
  };
  const say = (text, payload = "") => {
    const id = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
    text = text.toWellFormed?.() ?? text;  // half an emoji is no text
    setUnsent([...unsent, { id, text, payload, owner: owner() }]);
    choiceBar.replaceChildren();
    const item = bubble({ from: "person", text });
    item.classList.add("waiting");
    list.append(item);
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
    log.setAttribute("aria-busy", "false");
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
    isKept = false;
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
    const text = field.value.trim(), length = [...text].length;
    if (length > MAX_LENGTH) {
      state.textContent = `This message is too long: ${length} of at most ${MAX_LENGTH} characters.`;
      return;
    }
    field.value = "";
    if (text) say(text);
  });
  window.addEventListener("online", () => { clearTimeout(timer); sendNext(); });
  if (channel) channel.onmessage = ({ data }) => {
    if (data === "logout") return forget();
    recall();
    if (session) refresh().catch(() => {});
  };
  window.addEventListener("pageshow", ({ persisted }) => {  // from the back/forward cache, where no message of another tab arrives
    if (!persisted) return;
    if (session && isKept && !stored(localStorage, place(), null)) return forget();
    if (!panel.hidden) refresh().catch(() => {});
    sendNext();
  });
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
