// The language: that of the script tag, of the page, or of the browser. LANGUAGES has the words of each (languages/*.json).
function canonical(language) {
  try { return Intl.getCanonicalLocales((language || "").replace(/_/g, "-"))[0] || ""; } catch { return ""; }
}

const wanted = [tag.dataset.language, document.documentElement.lang, ...(navigator.languages || [])].map(canonical).filter(Boolean);
const shortCode = (locale) => locale.split("-")[0];
const locale = wanted.find((each) => shortCode(each) in LANGUAGES) || "en";  // of the widget's own words and numbers
const words = { ...LANGUAGES.en, ...LANGUAGES[shortCode(locale)] };
const turnLocale = wanted[0] || "en";  // of the conversation: the flow may have languages that the widget has not

const settings = { title: words.title, color: "#0b57d0", label: words.label, ...tag.dataset };

const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

const writeNumber = (number) => new Intl.NumberFormat(locale).format(number);

function writeDuration(seconds) {
  const [number, unit] = seconds < 90 ? [seconds, "second"] : [seconds / 60, "minute"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(number));
}
