// The conversation as it is shown. A line is {from, text, media, isWaiting}.
const SPEAKERS = {
  person: say("speaker", { name: words.you }),
  bot: say("speaker", { name: settings.title }),
  agent: say("speaker", { name: words.agent }),
};
const shown = new WeakMap();  // the key of what an element of the list shows
const keyOf = ({ from, text, media }) => JSON.stringify([from, text, media || []]);

function isAtEnd() { return log.scrollHeight - log.scrollTop - log.clientHeight < 50; }
function scrollToEnd() { log.scrollTop = log.scrollHeight; }

function fill(item, line) {
  const media = (line.media || []).filter((each) => isWeb(each.url)).map(renderMedia);
  item.replaceChildren(...renderMarkup(line.text), ...media);
  shown.set(item, keyOf(line));
  return item;
}

function bubble(line) {
  const item = fill(make("li", { class: line.from, "data-who": SPEAKERS[line.from] }), line);
  item.classList.toggle("waiting", Boolean(line.isWaiting));
  return item;
}

function showLines(lines) {  // what is shown already stays as it is: screen readers announce only what is new
  const rest = [...list.children];
  const items = lines.map((line) => {
    const key = keyOf(line), at = rest.findIndex((each) => shown.get(each) === key);
    const item = at < 0 ? bubble(line) : rest.splice(at, 1)[0];
    item.classList.toggle("waiting", Boolean(line.isWaiting));
    return item;
  });
  if (rest.includes(answering)) items.push(answering);  // it is not in the log yet
  rest.forEach((each) => { if (each !== answering) each.remove(); });
  items.forEach((item, at) => { if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null); });
}

function showChoices(choices) {
  choiceBar.replaceChildren(...choices.map((choice) => {
    const button = make("button", { type: "button" }, choice.label);
    button.addEventListener("click", (event) => {
      if (choice.url) return isWeb(choice.url) && window.open(choice.url, "_blank", "noopener");
      enqueue(choice.label, choice.payload);
      if (!event.detail) field.focus();  // by keyboard: the button is gone
    });
    return button;
  }));
}

function render(messages) {  // the messages of the server, then those that it does not have yet
  const wasAtEnd = isAtEnd();
  const waiting = new Map(queued().map((each) => [each.id, { from: "person", text: each.text, isWaiting: true }]));
  const lines = messages.map((each) => {
    const isWaiting = waiting.delete(each.id);  // it is stored, and not answered yet
    return { ...each, isWaiting };
  });
  showLines([...lines, ...waiting.values()]);
  const last = messages.at(-1);
  showChoices(last?.from === "bot" && !queued().length ? last.choices || [] : []);
  if (wasAtEnd) scrollToEnd();
}

function clearView() {
  list.replaceChildren();
  choiceBar.replaceChildren();
  setNotice("");
  setConnection("");
  log.setAttribute("aria-busy", "false");
}
