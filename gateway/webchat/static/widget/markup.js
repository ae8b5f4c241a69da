// The text of a message becomes nodes, never HTML: emphasis, code and links of CommonMark.
const ESCAPE = /\\([!-/:-@[-`{-~])/g;
// In linear time for any text: no part of it may be matched in two ways.
const SPAN = /\\([!-/:-@[-`{-~])|\*\*((?:\\.|[^\\\n])+?)\*\*|\*((?!\s)(?:\\.|[^*\\])+)\*|`([^`]+)`|\[((?:\\.|[^\[\]\\])+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)]+)/g;

const unescape = (text) => text.replace(ESCAPE, "$1");
const isWeb = (url) => /^https?:/i.test(url);
const link = (label, url) => make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);

function renderSpan([, escaped, strong, em, code, label, url, plainUrl]) {
  if (escaped) return escaped;
  if (strong) return make("strong", {}, unescape(strong));
  if (em) return make("em", {}, unescape(em));
  if (code) return make("code", {}, code);
  return label ? link(unescape(label), unescape(url)) : link(unescape(plainUrl), unescape(plainUrl));
}

function renderMarkup(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    nodes.push(text.slice(at, match.index), renderSpan(match));
    at = match.index + match[0].length;
  }
  return [...nodes, text.slice(at)];
}

function renderMedia(each) {
  if (!each.content_type?.startsWith("image/")) return link(each.name || each.url, each.url);
  const image = make("img", { src: each.url, alt: each.name || words.picture });
  const wasAtEnd = isAtEnd();
  image.addEventListener("load", () => { if (wasAtEnd) scrollToEnd(); });  // it has a height now
  return image;
}
