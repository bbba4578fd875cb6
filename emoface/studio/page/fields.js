// Fields of forms. draft() is called while a value changes, done() when it stays.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function smallButton(textContent, title = textContent) {
  return element("button", { type: "button", className: "small", textContent, title });
}

function field(name, label, ...inputs) {
  const row = element("label", { className: "field" }, element("span", { textContent: label }), ...inputs);
  row.dataset.field = name;
  return row;
}

// A number with a slider beside it.
function slider(name, label, value, [low, high], { draft, done, step = 0.05 }) {
  const range = element("input", { type: "range", min: low, max: high, step, value });
  const box = element("input", { type: "number", min: low, max: high, step: "any", value: tidy(value) });
  range.setAttribute("aria-label", label);
  range.oninput = () => {
    box.value = range.value;
    draft(range.valueAsNumber);
  };
  range.onchange = () => done(range.valueAsNumber);
  box.onchange = () => {
    if (!Number.isFinite(box.valueAsNumber)) return;
    range.value = box.value;
    done(box.valueAsNumber);
  };
  return field(name, label, element("div", { className: "slider" }, range, box));
}

function numberBox(value, { done, step = 0.01, low = 0, placeholder = "" }) {
  const box = element("input", { type: "number", min: low, step, value: value ?? "", placeholder });
  box.onchange = () => done(Number.isFinite(box.valueAsNumber) ? box.valueAsNumber : undefined);
  return box;
}

function numberField(name, label, value, { unit = "", ...more }) {
  const row = element("div", { className: "unit" }, numberBox(value, more), element("i", { textContent: unit }));
  return field(name, label, row);
}

// Two numbers in a row, each [name, value, options].
function twoNumbers(label, first, second, unit) {
  const boxes = [first, second].map(([name, value, more], number) => {
    const box = numberBox(value, more);
    box.setAttribute("aria-label", label.split(", ")[number]);
    box.dataset.field = name;
    return box;
  });
  const content = element("div", { className: "unit" }, ...boxes, element("i", { textContent: unit }));
  return element("div", { className: "field" }, element("span", { textContent: label }), content);
}

function choice(name, label, value, options, done) {
  const box = element("select");
  for (const option of options) {
    const [key, text] = Array.isArray(option) ? option : [option, option];
    box.append(element("option", { value: key, textContent: text, selected: key === value }));
  }
  box.onchange = () => done(box.value);
  return field(name, label, box);
}

// Text in a line, or in several with `rows`.
function textField(name, label, value, { draft, done, list = "", placeholder = "", rows = 1 }) {
  const box = element(rows > 1 ? "textarea" : "input", { value, placeholder, spellcheck: false, autocomplete: "off" });
  if (rows > 1) box.rows = rows;
  if (list) box.setAttribute("list", list);
  if (draft) box.oninput = () => draft(box.value);
  box.onchange = () => done(box.value);
  box.onkeydown = (event) => event.key === "Enter" && (event.preventDefault(), box.blur());
  return field(name, label, box);
}

function switchField(name, label, value, done) {
  const box = element("input", { type: "checkbox", checked: value });
  box.onchange = () => done(box.checked);
  return field(name, label, box);
}

// Parts of the face, each a button.
function regionField(value, done) {
  const all = SETTINGS.regions, now = new Set(value === undefined ? all : [].concat(value).flatMap(partsOf));
  const chips = element("div", { className: "chips", role: "group", ariaLabel: "Region" });
  for (const part of all) {
    const chip = element("button", { type: "button", textContent: part });
    chip.setAttribute("aria-pressed", now.has(part));
    chip.onclick = () => {
      if (now.has(part)) now.delete(part);
      else now.add(part);
      if (!now.size) all.forEach((one) => now.add(one));
      done(now.size === all.length ? undefined : all.filter((one) => now.has(one)));
    };
    chips.append(chip);
  }
  const row = element("div", { className: "field tall" }, element("span", { textContent: "Region" }), chips);
  row.dataset.field = "region";
  return row;
}

function partsOf(region) {
  const groups = { upper: ["brows", "eyes", "cheeks"], lower: ["mouth", "jaw"], face: SETTINGS.regions.slice(0, 5) };
  return region === "all" ? SETTINGS.regions : groups[region] || [region];
}

// An emotion: a label with its level, words, or a mixture; none where `none` names what that means.
function emotionField(value, { draft, done, none = "" }) {
  const rows = element("div", { className: "fields" }), words = "words", mixture = "mixture";
  const label = Array.isArray(value) ? value[0] : value;
  const kind = value === null || value === undefined ? "" : typeof label === "object" ? mixture
    : SETTINGS.emotions.includes(label) ? label : words;
  const options = [...(none ? [["", none]] : []), ...SETTINGS.emotions, [words, "in words"], [mixture, "a mixture"]];
  rows.append(choice("emotion", "Emotion", kind, options, (chosen) => {
    const level = Array.isArray(value) ? value[1] : 2;
    const fresh = { "": null, [words]: "a calm, warm voice", [mixture]: { happy: 0.6, sad: 0.4 } };
    done(chosen in fresh ? fresh[chosen] : [chosen, level]);
  }));
  if (kind === words) {
    rows.append(textField("emotion", "Words", label, { done, placeholder: "a man who is afraid", rows: 3 }));
  } else if (kind === mixture) rows.append(...sharesOf(label, draft, done));
  else if (kind) {
    const level = Array.isArray(value) ? value[1] : 2, set = (to) => [kind, to];
    const own = { step: 0.5, draft: (to) => draft(set(to)), done: (to) => done(set(to)) };
    rows.append(slider("emotion", "Level", level, [0, 3], own));
  }
  return rows;
}

// A slider for each emotion of a mixture; one that comes to nothing goes, and others can be added.
function sharesOf(mixture, draft, done) {
  const rows = Object.entries(mixture).map(([name, share]) => slider("emotion", name, share, [0, 1], {
    draft: (to) => draft({ ...mixture, [name]: to }),
    done: (to) => {
      const { [name]: gone, ...others } = mixture;
      done(to > 0 || !Object.keys(others).length ? { ...mixture, [name]: to } : others);
    },
  }));
  const missing = SETTINGS.emotions.filter((one) => !(one in mixture));
  if (missing.length) {
    rows.push(choice("emotion", "Also", "", [["", "…"], ...missing], (name) => done({ ...mixture, [name]: 0.3 })));
  }
  return rows;
}
