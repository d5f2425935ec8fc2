// The present view as a picture, and the data as tables.
function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (what, ending) => `${state.clip.name}_${what}.${ending}`.replace(/[^\p{L}\p{N}._+-]+/gu, "_");

// Quoted where needed; what a spreadsheet would take for a formula gets an apostrophe.
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveTable(what, rows) {
  const text = rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
  // The mark tells spreadsheets that it is UTF-8.
  save(fileName(what, "csv"), new Blob(["\ufeff", text], { type: "text/csv" }));
}

const saved = {
  frames() {
    const head = ["frame", "time_s"], columns = [];
    for (const maps of state.clip.maps) for (const band of maps.bands) {
      if (!band.course) continue;
      for (const [what, unit] of [["share", ""], ["signed", ` (${band.unit})`]]) band.course.regions.forEach((region, index) => {
        head.push(`${maps.method} ${band.name} ${region} ${what}${unit}`);
        columns.push(band.course[what][index]);
      });
    }
    const rows = Array.from({ length: frames() }, (_, frame) => [frame, timeOf(frame), ...columns.map((column) => column[frame])]);
    saveTable("frames", [head, ...rows]);
  },
  tracks() {
    const rows = [["sound", "time_s", "f0_hz", "f1_hz", "f2_hz", "f3_hz", "f4_hz"]];
    for (const sound of state.clip.sounds) sound.tracks?.f0.forEach((f0, i) => {
      const { start, step, formants } = sound.tracks;
      rows.push([soundKey(sound), start + i * step, f0, ...formants.map((track) => track[i])]);
    });
    saveTable("tracks", rows);
  },
  vowels() {
    const rows = [["sound", "vowel", "start_s", "end_s", "f1_hz", "f2_hz"]];
    for (const sound of state.clip.sounds) for (const one of sound.vowels) rows.push([soundKey(sound), one.label, one.start, one.end, one.f1, one.f2]);
    saveTable("vowels", rows);
  },
  measures() {
    const rows = [["folder", "model_file", "model_sha256", "speakers", "measure", "best", "model", "low_95", "high_95", "ceiling", "floor"]];
    for (const { group, rows: lines, of } of page.measures) for (const one of lines) {
      rows.push([of.place, of.file, of.sha256, group, one.name, one.better, one.model, one.low, one.high, one.ceiling, one.floor]);
    }
    saveTable("measures", rows);
  },
  view() {
    const frame = $("frame"), time = $("timeline"), key = $("key"), ratio = Math.max(2, window.devicePixelRatio || 1);
    const side = 420, tall = time.clientHeight, wide = Math.round(time.clientWidth * Math.max(1, (side + 60) / tall));
    const height = Math.max(side + 60, Math.round((tall * wide) / time.clientWidth)) + 70, width = side + wide + 56;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = inks.surface;
    context.fillRect(0, 0, width, height);
    context.fillStyle = inks.ink;
    context.font = "600 16px " + FONT();
    context.fillText(state.clip.name, 20, 28, width - 40);
    context.font = "13px " + FONT();
    context.fillStyle = inks.quiet;
    const maps = methodNow(), sound = soundNow();
    const parts = [$("where").textContent, $("said").textContent, maps && state.bands.length ? `${maps.method}, ${t("gain")} ${state.gain.toFixed(1)}×` : "",
      sound ? soundName(sound) : "", page.program];
    context.fillText(parts.filter(Boolean).join(" · "), 20, 48, width - 40);
    context.translate(20, 64);
    drawFrame(context, side, frameAt(state.time));
    context.drawImage(key, 0, side + 12, key.clientWidth, key.clientHeight);
    context.translate(side + 20, 0);
    context.scale(wide / time.clientWidth, wide / time.clientWidth);
    context.drawImage(time, 0, 0, time.clientWidth, tall);
    for (const [name, span] of Object.entries(spans(time.clientWidth))) {
      if (!span || span[1] <= span[0]) continue;
      context.fillStyle = { selection: inks.shade, span: inks.frame, cursor: inks.cursor }[name];
      context.fillRect(span[0], 0, span[1] - span[0], $("cursor").offsetHeight);
    }
    canvas.toBlob((blob) => save(fileName(`frame${frameAt(state.time)}`, "png"), blob), "image/png");
  },
};

const soundKey = (sound) => sound.kind + (sound.label ? ": " + sound.label : "");
