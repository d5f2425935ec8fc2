/**
 * The present view as an image, and the data as tables.
 * @param {string} name
 * @param {Blob} blob
 */
function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/**
 * @param {string} what
 * @param {string} ending
 */
const fileName = (what, ending) => `${state.clip.name}_${what}.${ending}`.replace(/[^\p{L}\p{N}._+-]+/gu, "_");

/**
 * Quoted where needed; what a spreadsheet would take for a formula gets an apostrophe.
 * @param {string | number | null | undefined} value
 */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {string} what
 * @param {(string | number | null)[][]} rows
 */
function saveTable(what, rows) {
  const text = rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
  // The mark tells spreadsheets that it is UTF-8.
  save(fileName(what, "csv"), new Blob(["\ufeff", text], { type: "text/csv" }));
}

/** @type {Record<string, () => void>} */
const saved = {
  frames() {
    const head = ["frame", "time_s"];
    /** @type {(number | null)[][]} */
    const columns = [];
    for (const { method, band } of state.clip.maps.flatMap((maps) => maps.bands.map((one) => ({ method: maps.method, band: one })))) {
      if (!band.course) continue;
      for (const what of /** @type {const} */ (["share", "signed"])) {
        const unit = what === "share" ? "" : ` (${band.unit})`, values = band.course[what];
        band.course.regions.forEach((region, index) => {
          head.push(`${method} ${band.name} ${region} ${what}${unit}`);
          columns.push(values[index]);
        });
      }
    }
    const walls = loaded.widening;
    for (const formant of walls?.widening.formants ?? []) {
      for (const answer of formant.answers) {
        walls?.widening.articulators.forEach((name, wall) => {
          ["", " low", " high"].slice(0, answer.kind === "model" ? 1 : 3).forEach((which, place) => {
            head.push(`${answer.kind} ${formant.name} ${name}${which} (${walls.widening.unit})`);
            columns.push(Array.from({ length: frameCount() }, (_, frame) => wallValue(walls, answer, frame, wall)[place]));
          });
        });
      }
    }
    const rows = Array.from({ length: frameCount() }, (_, frame) => [frame, timeOf(frame), ...columns.map((column) => column[frame])]);
    saveTable("frames", [head, ...rows]);
  },
  tracks() {
    /** @type {(string | number | null)[][]} */
    const rows = [["sound", "time_s", "f0_hz", "f1_hz", "f2_hz", "f3_hz", "f4_hz"]];
    for (const sound of state.clip.sounds) {
      if (!sound.tracks) continue;
      const { start, step, f0, formants } = sound.tracks;
      f0.forEach((hz, i) => { rows.push([soundKey(sound), start + i * step, hz, ...formants.map((track) => track[i])]); });
    }
    saveTable("tracks", rows);
  },
  vowels() {
    /** @type {(string | number | null)[][]} */
    const rows = [["sound", "vowel", "start_s", "end_s", "f1_hz", "f2_hz"]];
    for (const sound of state.clip.sounds) for (const one of sound.vowels) rows.push([soundKey(sound), one.label, one.start, one.end, one.f1, one.f2]);
    saveTable("vowels", rows);
  },
  measures() {
    /** @type {(string | number | null)[][]} */
    const rows = [["folder", "model_file", "model_sha256", "speakers", "measure", "best", "model", "low_95", "high_95", "ceiling", "floor"]];
    for (const { group, rows: lines, of } of page.measures) {
      for (const one of lines) rows.push([of.place, of.file, of.sha256, group, one.name, one.better, one.model, one.low, one.high, one.ceiling, one.floor]);
    }
    saveTable("measures", rows);
  },
  view() {
    const time = $("timeline"), key = $("key"), ratio = Math.max(2, window.devicePixelRatio || 1);
    // The panels of walls and of the tract are saved with the timeline that they lie below.
    const panels = [$("wall-panel"), $("tract-panel")].filter((panel) => !panel.hidden);
    const first = panels[0]?.getBoundingClientRect().top ?? 0, last = panels.at(-1)?.getBoundingClientRect().bottom ?? 0;
    const below = panels.length ? last - first + 14 : 0, edge = time.getBoundingClientRect().left;
    const side = 420, tall = time.clientHeight + below, wide = Math.round(time.clientWidth * Math.max(1, (side + 60) / tall));
    const height = Math.max(side + 60, Math.round((tall * wide) / time.clientWidth)) + 70, width = side + wide + 56;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const context = contextOf(canvas);
    context.scale(ratio, ratio);
    context.fillStyle = inks.surface;
    context.fillRect(0, 0, width, height);
    context.fillStyle = inks.ink;
    context.font = "600 16px " + FONT();
    context.fillText(state.clip.name, 20, 28, width - 40);
    context.font = "13px " + FONT();
    context.fillStyle = inks.quiet;
    const maps = methodNow(), sound = soundNow();
    const parts = [$("where").textContent, $("said").textContent, state.layer === "walls" ? `${t("walls")}, ${t("gain")} ${state.gain.toFixed(1)}×` : maps && state.bands.length ? `${maps.method}, ${t("gain")} ${state.gain.toFixed(1)}×` : "",
      sound ? soundName(sound) : "", page.program];
    context.fillText(parts.filter(Boolean).join(" · "), 20, 48, width - 40);
    context.translate(20, 64);
    drawFrame(context, side, frameAt(state.time));
    context.drawImage(key, 0, side + 12, key.clientWidth, key.clientHeight);
    context.translate(side + 20, 0);
    context.scale(wide / time.clientWidth, wide / time.clientWidth);
    context.drawImage(time, 0, 0, time.clientWidth, time.clientHeight);
    for (const part of panels.flatMap((panel) => [...panel.querySelectorAll("canvas")])) {
      const at = part.getBoundingClientRect();
      context.drawImage(part, at.left - edge, time.clientHeight + 14 + at.top - first, at.width, at.height);
    }
    const shown = spans(time.clientWidth);
    for (const [span, color] of /** @type {[Span | null, string][]} */ ([[shown.selection, inks.shade], [shown.span, inks.frame], [shown.cursor, inks.cursor]])) {
      if (!span || span[1] <= span[0]) continue;
      context.fillStyle = color;
      context.fillRect(span[0], 0, span[1] - span[0], $("cursor").offsetHeight);
    }
    canvas.toBlob((blob) => { if (blob) save(fileName(`frame${frameAt(state.time)}`, "png"), blob); }, "image/png");
  },
};

/** @param {SoundData} sound */
const soundKey = (sound) => sound.kind + (sound.label ? ": " + sound.label : "");
