// The vowel chart, the measures, and where all of it came from.
/** @type {{ x: number, y: number, vowel: VowelData }[]} */
let dots = [];

/** @param {HTMLCanvasElement} canvas */
function drawVowels(canvas) {
  const side = canvas.clientWidth, context = sized(canvas, side, side);
  context.clearRect(0, 0, side, side);
  dots = [];
  const original = state.clip.sounds.find((sound) => sound.kind === "original" && sound.vowels.length);
  const other = soundNow()?.kind === "original" ? state.clip.sounds.find((sound) => sound.kind === "generated") : soundNow();
  const shown = [...new Set([original, other])].filter((sound) => sound !== undefined && sound !== null).filter((sound) => sound.vowels.length);
  const all = shown.flatMap((sound) => sound.vowels);
  $("vowel-card").hidden = !state.clip.sounds.some((sound) => sound.vowels.length);
  if (!all.length) return;
  /** @param {number[]} values */
  const range = (values) => {
    const [low, high] = extent(values), room = 0.08 * (high - low) + 20;
    return [low - room, high + room];
  };
  const everything = state.clip.sounds.flatMap((sound) => (sound.kind === "masked" && sound !== other ? [] : sound.vowels));
  const [low1, high1] = range(everything.map((one) => one.f1)), [low2, high2] = range(everything.map((one) => one.f2));
  const left = 14, right = 46, top = 34, bottom = 10, wide = side - left - right, tall = side - top - bottom;
  // As phoneticians draw it: F2 runs to the left and F1 downwards, so that a close front vowel is upper left.
  /** @param {number} f2 */
  const x = (f2) => left + ((high2 - f2) / (high2 - low2)) * wide;
  /** @param {number} f1 */
  const y = (f1) => top + ((f1 - low1) / (high1 - low1)) * tall;
  context.strokeStyle = inks.line;
  context.strokeRect(left + 0.5, top + 0.5, wide - 1, tall - 1);
  context.font = "11px " + FONT();
  context.fillStyle = inks.quiet;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const value of marks(low2, high2, 5).values) {
    context.fillText(value.toFixed(0), x(value), top - 8);
    context.fillRect(x(value), top - 3, 1, 3);
  }
  context.fillText("F2 (Hz)", left + wide / 2, 10);
  context.textAlign = "left";
  for (const value of marks(low1, high1, 6).values) {
    if (y(value) < top + 22) continue;
    context.fillText(value.toFixed(0), left + wide + 6, y(value));
    context.fillRect(left + wide, y(value), 3, 1);
  }
  context.fillText("F1", left + wide + 6, top + 4);
  context.fillText("(Hz)", left + wide + 6, top + 16);
  // A line from each vowel as it was said to the same vowel as it was made.
  if (shown.length === 2) {
    context.strokeStyle = inks.line;
    for (const one of shown[0].vowels) {
      const twin = shown[1].vowels.find((each) => each.start === one.start);
      if (!twin) continue;
      context.beginPath();
      context.moveTo(x(one.f2), y(one.f1));
      context.lineTo(x(twin.f2), y(twin.f1));
      context.stroke();
    }
  }
  const marked = shown.flatMap((sound) => sound.vowels.map((one) => {
    const now = state.time >= one.start && state.time < one.end;
    return { one, now, color: sound === original ? inks.quiet : inks.accent };
  }));
  // The one that is spoken now lies on top.
  marked.sort((a, b) => Number(a.now) - Number(b.now)).forEach(({ one, now, color }) => {
    const place = { x: x(one.f2), y: y(one.f1) };
    dots.push({ ...place, vowel: one });
    if (now) {
      context.fillStyle = color;
      context.beginPath();
      context.arc(place.x, place.y, 11, 0, 2 * Math.PI);
      context.fill();
    }
    context.font = `${now ? "bold " : ""}14px ` + FONT();
    context.textAlign = "center";
    context.fillStyle = now ? inks.surface : color;
    context.fillText(one.label, place.x, place.y + 0.5);
  });
  context.textAlign = "left";
  canvas.setAttribute("aria-label", `${t("vowels")}: ${shown.map((sound) => `${soundName(sound)} ${sound.vowels.length}`).join(", ")}`);
  const note = $("vowel-note");
  note.replaceChildren();
  shown.forEach((sound, index) => {
    const word = element("span", {}, soundName(sound));
    word.style.color = sound === original ? inks.quiet : inks.accent;
    word.style.fontWeight = "600";
    note.append(index ? " · " : "", word);
  });
  note.append(" — " + t("vowel_note"));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {MouseEvent} event
 */
function vowelUnder(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const near = dots.map((dot) => ({ away: Math.hypot(dot.x - x, dot.y - y), vowel: dot.vowel })).sort((a, b) => a.away - b.away)[0];
  return near && near.away < 16 ? near.vowel : null;
}

/** @param {HTMLElement} place */
function writeMeasures(place) {
  place.replaceChildren();
  $("measure-card").hidden = !page.measures.length;
  for (const { group, n, speakers, rows, of } of page.measures) {
    const table = element("table");
    const names = speakers.length ? ` (${speakers.slice(0, 8).join(", ")}${speakers.length > 8 ? " …" : ""})` : "";
    table.append(element("caption", {}, `${named("group_" + group)}${names}: ${n} ${t("utterances")} · ${of.file} (${of.place})`));
    const head = element("tr");
    for (const key of ["measure", "best", "model", "ceiling", "floor", "between"]) head.append(element("th", { scope: "col" }, t(key)));
    table.append(element("thead", {}, head));
    const body = element("tbody");
    for (const row of rows) {
      const name = element(row.meaning ? "abbr" : "span", {}, named(row.name));
      if (row.meaning) name.title = row.meaning;
      const model = element("td", {}, measured(row.model));
      if (row.low !== null && row.high !== null) model.append(" ", element("small", {}, `[${measured(row.low)}, ${measured(row.high)}]`));
      body.append(element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, t(row.better)), model,
        element("td", {}, measured(row.ceiling)), element("td", {}, measured(row.floor)), between(row)));
    }
    table.append(body);
    place.append(element("div", { class: "wide" }, table));
  }
}

/** @param {number | null} value */
const measured = (value) => (value !== null && Math.abs(value) < 1 ? value.toFixed(3) : shortNumber(value));

/**
 * Where the model stands on the way from floor (left) to ceiling (right).
 * @param {MeasureRow} row
 */
function between(row) {
  const cell = element("td", { class: "scale" });
  if (row.ceiling === null || row.floor === null || row.ceiling === row.floor) return cell;
  const share = (row.model - row.floor) / (row.ceiling - row.floor), at = 6 + 108 * Math.min(Math.max(share, 0), 1);
  const percent = `${Math.round(100 * share)} %`;
  const image = drawing("svg", { viewBox: "0 0 120 12", role: "img", "aria-label": percent });
  image.append(drawing("line", { class: "rule", x1: 6, x2: 114, y1: 6, y2: 6 }), drawing("circle", { class: "dot", cx: at, cy: 6, r: 4.5 }),
    drawing("title", {}, percent));
  cell.append(image);
  return cell;
}

/** @param {HTMLElement} place */
function writeOrigins(place) {
  place.replaceChildren();
  $("origin-card").hidden = !page.origins.length;
  page.origins.forEach(({ title, of, rows }, index) => {
    const facts = element("dl", { class: "facts" });
    for (const [name, text] of rows) facts.append(element("dt", {}, name), element("dd", {}, text));
    const details = element("details", { class: "origin" }, element("summary", {}, of ? `${t("origin_" + title)}: ${of}` : t("origin_" + title)), facts);
    details.open = index === 0 && rows.length < 12;
    place.append(details);
  });
}
