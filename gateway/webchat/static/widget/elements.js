// The elements: everything is inside one shadow root.
function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function draw(name, attributes, ...children) {  // no innerHTML: pages may require trusted types
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const host = window[Symbol.for("turngate")] = document.createElement("div");
host.lang = locale;
host.style.setProperty("--color", settings.color);
const root = host.attachShadow({ mode: "open" });
const style = new CSSStyleSheet();
style.replaceSync(STYLE);
root.adoptedStyleSheets = [style];

const close = make("button", { type: "button", "aria-label": words.close }, "✕");
const list = make("ol"), choiceBar = make("div", { class: "choices" });
const log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": words.conversation, tabindex: "0" },
  list, choiceBar);
const state = make("div", { class: "state", role: "status" });
const field = make("textarea", { "aria-label": settings.label, placeholder: settings.label, rows: "1", dir: "auto" });
const form = make("form", {}, field, make("button", {}, words.send));
const panel = make("section", { class: "panel", role: "dialog", "aria-label": settings.title, hidden: "" },
  make("header", {}, make("span", {}, settings.title), close), log, state, form);
const open = make("button", { class: "open", type: "button", "aria-expanded": "false", "aria-label": settings.title },
  draw("svg", { width: "26", height: "26", viewBox: "0 0 24 24", fill: "currentColor", "aria-hidden": "true" },
    draw("path", { d: "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z" })));
root.append(panel, open);

// The line below the conversation: what became of a message, else the state of the connection.
let notice = "", connection = "";
const showState = () => { if (state.textContent !== (notice || connection)) state.textContent = notice || connection; };
const setNotice = (text) => { notice = text; showState(); };
const setConnection = (text) => { connection = text; showState(); };
