// The frame, maps over it, and outlines of regions.
const PALETTE = ["#e69f00", "#56b4e9", "#00a878", "#cc79a7", "#d55e00", "#8f7ee7", "#7fae2f", "#c9a800", "#35b8b0", "#a0764f", "#f27ea9", "#4f86e0", "#b5d334", "#c3b8a0"];
const SHADES = 256;
const tables = bytesOf(page.colors);
/** @type {Loaded} */
const loaded = { sheets: [], cells: new Map(), outlines: null, tract: null, widening: null, names: [], clip: null };

/** @param {string} region */
const colorOf = (region) => {
  const index = loaded.names.indexOf(region);
  return region === "elsewhere" ? "#8a949e" : PALETTE[index % PALETTE.length];
};

/** @param {ClipData} clip */
function regionNames(clip) {
  const names = new Set(clip.outlines?.names ?? []);
  for (const maps of clip.maps) for (const band of maps.bands) band.course?.regions.forEach((name) => names.add(name));
  clip.widening?.articulators.forEach((name) => names.add(name));
  return [...names];
}

/**
 * @param {ClipData} clip
 * @param {() => void} redraw
 */
async function loadFrames(clip, redraw) {
  const { outlines, tract, widening } = clip;
  for (const sheet of loaded.sheets) sheet?.close();
  Object.assign(loaded, { sheets: new Array(clip.sheets.length).fill(null), cells: new Map(), outlines: null, tract: null, widening: null, names: regionNames(clip), clip });
  const wanted = clip.maps.flatMap((maps) => maps.bands);
  await Promise.all([
    loadSheet(clip, 0),
    ...wanted.map(async (band) => {
      const values = new Int16Array(await inflated(band.data));
      if (loaded.clip === clip) loaded.cells.set(band, values);
    }),
    outlines && inflated(outlines.data).then((buffer) => {
      if (loaded.clip === clip) loaded.outlines = outlinesIn(outlines, new Uint16Array(buffer));
    }),
    tract && inflated(tract.data).then((buffer) => { if (loaded.clip === clip) loaded.tract = tractIn(tract, new Uint16Array(buffer), clip.frames); }),
    widening && wideningIn(widening, clip.frames).then((found) => { if (loaded.clip === clip) loaded.widening = found; }),
  ]);
  // The other sheets one by one, so that the page answers meanwhile.
  const others = (async () => {
    for (let index = 1; index < clip.sheets.length && loaded.clip === clip; index++) {
      await loadSheet(clip, index);
      redraw();
    }
  })();
  return { others };
}

/**
 * @param {ClipData} clip
 * @param {number} index
 */
async function loadSheet(clip, index) {
  if (loaded.sheets[index]) return;
  const bitmap = await bitmapOf(clip.sheets[index]);
  if (loaded.clip === clip && !loaded.sheets[index]) loaded.sheets[index] = bitmap;
  else bitmap.close();
}

/**
 * One path per frame and region; positions are in half pixels of the frame.
 * @param {OutlinesData} outlines
 * @param {Uint16Array} numbers
 */
function outlinesIn(outlines, numbers) {
  const found = [];
  for (let at = 0; at < numbers.length; ) {
    const regions = [];
    for (let region = 0; region < outlines.names.length; region++) {
      const path = new Path2D();
      for (let lines = numbers[at++]; lines > 0; lines--) {
        for (let point = 0, count = numbers[at++]; point < count; point++, at += 2) {
          if (point === 0) path.moveTo(numbers[at] / 2, numbers[at + 1] / 2);
          else path.lineTo(numbers[at] / 2, numbers[at + 1] / 2);
        }
        path.closePath();
      }
      regions.push(path);
    }
    found.push(regions);
  }
  return found;
}

// Bilinear interpolation from cells to pixels: the lower cell, the upper one, and its weight, for each pixel.
/** @type {Map<string, Grid>} */
const grids = new Map();
/**
 * @param {number} count
 * @param {number} size
 * @returns {Grid}
 */
function grid(count, size) {
  const key = count + "/" + size;
  let found = grids.get(key);
  if (!found) {
    const low = new Uint16Array(size), high = new Uint16Array(size), part = new Float32Array(size);
    for (let pixel = 0; pixel < size; pixel++) {
      const place = ((pixel + 0.5) * count) / size - 0.5, floor = Math.floor(place);
      low[pixel] = Math.min(Math.max(floor, 0), count - 1);
      high[pixel] = Math.min(Math.max(floor + 1, 0), count - 1);
      part[pixel] = place - floor;
    }
    found = { low, high, part, rows: new Float32Array(count * size) };
    grids.set(key, found);
  }
  return found;
}

/**
 * A band's map of one frame as shades, 0 to 255 for each pixel: from 0 to full color, or from minus to plus.
 * @param {BandData} band
 * @param {Int16Array} cells
 * @param {number} frame
 * @param {number} size
 * @param {boolean} signed
 * @param {Uint8Array} shades
 */
function shadesAt(band, cells, frame, size, signed, shades) {
  const { cells: count, step, scale } = band;
  const offset = frame * count * count;
  const { low, high, part, rows } = grid(count, size);
  const span = signed ? (SHADES - 1) / 2 : SHADES - 1, zero = (signed ? span : 0) + 0.5;
  const factor = scale > 0 ? (span * step * state.gain) / scale : 0;
  for (let row = 0; row < count; row++) {
    const from = offset + row * count, to = row * size;
    for (let x = 0; x < size; x++) {
      const a = cells[from + low[x]];
      rows[to + x] = (a + (cells[from + high[x]] - a) * part[x]) * factor + zero;
    }
  }
  for (let y = 0; y < size; y++) {
    const upper = low[y] * size, lower = high[y] * size, share = part[y], to = y * size;
    for (let x = 0; x < size; x++) {
      const a = rows[upper + x], value = a + (rows[lower + x] - a) * share;
      shades[to + x] = value < 0 ? 0 : value >= SHADES ? SHADES - 1 : value;
    }
  }
}

// Colors as numbers of the canvas: of each shade of one map, or of each pair of shades of two.
const paint = { key: "", table: new Uint32Array(0) };
/** @param {"both" | "signed" | "positive"} kind */
function paintTable(kind) {
  const key = kind + "/" + state.opacity;
  if (paint.key === key) return paint.table;
  const bytes = new Uint8ClampedArray(4 * SHADES * (kind === "both" ? SHADES : 1));
  if (kind !== "both") {
    bytes.set(tables.subarray(4 * SHADES * (kind === "signed" ? 0 : 1)).subarray(0, bytes.length));
    for (let at = 3; at < bytes.length; at += 4) bytes[at] *= state.opacity;
  } else {
    // Where two lie, the hue is the mean weighted by opacity.
    for (let to = 0; to < bytes.length; to += 4) {
      const first = Math.floor(to / 4 / SHADES), second = (to / 4) % SHADES;
      const a = 4 * (2 * SHADES + first), b = 4 * (3 * SHADES + second);
      const one = (tables[a + 3] / 255) * state.opacity, other = (tables[b + 3] / 255) * state.opacity, sum = one + other || 1;
      for (let part = 0; part < 3; part++) bytes[to + part] = (one * tables[a + part] + other * tables[b + part]) / sum;
      bytes[to + 3] = 255 * (1 - (1 - one) * (1 - other));
    }
  }
  Object.assign(paint, { key, table: new Uint32Array(bytes.buffer) });
  return paint.table;
}

/** @type {Workbench | null} */
let made = null;
/**
 * Made anew for frames of another size.
 * @param {number} size
 */
function workbench(size) {
  if (made?.size !== size) {
    const canvas = () => Object.assign(document.createElement("canvas"), { width: size, height: size });
    const maps = canvas(), whole = canvas();
    const image = new ImageData(size, size);
    made = { size, image, pixels: new Uint32Array(image.data.buffer), shades: [new Uint8Array(size * size), new Uint8Array(size * size)],
      maps, whole, onMaps: contextOf(maps), onWhole: contextOf(whole) };
  }
  return made;
}

/**
 * @param {[BandData, Int16Array][]} chosen
 * @param {number} frame
 * @param {Workbench} bench
 */
function paintMaps(chosen, frame, bench) {
  const signed = chosen.length === 1 && state.display === "signed", { pixels, shades } = bench;
  const table = paintTable(chosen.length === 2 ? "both" : signed ? "signed" : "positive");
  chosen.forEach(([band, cells], index) => shadesAt(band, cells, frame, bench.size, signed, shades[index]));
  const [first, second] = shades;
  if (chosen.length === 1) for (let at = 0; at < pixels.length; at++) pixels[at] = table[first[at]];
  else for (let at = 0; at < pixels.length; at++) pixels[at] = table[(first[at] << 8) | second[at]];
  bench.onMaps.putImageData(bench.image, 0, 0);
}

/**
 * Put together at the frame's own size and enlarged once.
 * @param {CanvasRenderingContext2D} context
 * @param {number} side
 * @param {number} frame
 */
function drawFrame(context, side, frame) {
  const { size, columns } = state.clip, bench = workbench(size);
  const sheet = Math.floor(frame / (columns * columns)), place = frame % (columns * columns);
  const bitmap = loaded.sheets[sheet];
  if (bitmap) bench.onWhole.drawImage(bitmap, (place % columns) * size, Math.floor(place / columns) * size, size, size, 0, 0, size, size);
  else bench.onWhole.fillRect(0, 0, size, size);
  const chosen = bandsNow(), shown = chosen.flatMap((band) => {
    const cells = loaded.cells.get(band);
    return cells ? [/** @type {[BandData, Int16Array]} */ ([band, cells])] : [];
  });
  if (chosen.length && shown.length === chosen.length) {
    paintMaps(shown, frame, bench);
    bench.onWhole.drawImage(bench.maps, 0, 0);
  }
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "medium";
  context.drawImage(bench.whole, 0, 0, side, side);
  // Outlines have colors of their own, which would be taken for those of walls.
  const described = state.layer === "walls" ? null : state.clip.outlines, outlines = loaded.outlines?.[described?.moving ? frame : 0];
  if (described && outlines) {
    const colors = described.names.map(colorOf);
    context.save();
    context.scale(side / size, side / size);
    described.names.forEach((name, index) => {
      if (state.hidden.has(name)) return;
      if (state.areas) {
        context.fillStyle = colors[index] + "66";
        context.fill(outlines[index], "evenodd");
      }
      for (const [color, width] of /** @type {[string, number][]} */ ([["#000a", 2.6], [colors[index], 1.3]])) {
        context.strokeStyle = color;
        context.lineWidth = (width * size) / side;
        context.stroke(outlines[index]);
      }
    });
    context.restore();
  }
  context.save();
  context.scale(side / size, side / size);
  drawContours(context, frame, size / side);
  drawWalls(context, frame, size / side);
  context.restore();
}

/**
 * Up and down are those of the number that the map explains: power, level or frequency.
 * @param {string} target
 */
const signedNote = (target) => t(`signed_note_${target}` in strings.en ? `signed_note_${target}` : "signed_note");

/**
 * What the colors mean: a bar for each band that is shown, over the gray of tissue, with its limits and unit.
 * @param {HTMLCanvasElement} canvas
 */
function drawKey(canvas) {
  const width = canvas.clientWidth, height = 34, context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  const chosen = bandsNow();
  context.font = "12px " + FONT();
  context.textBaseline = "middle";
  const walls = wallsShown();
  if (walls) {
    canvas.setAttribute("aria-label", drawWallKey(context, walls, width).join("; "));
    return;
  }
  if (!chosen.length) {
    context.fillStyle = inks.quiet;
    context.fillText(methodNow() ? t("no_map") : t("no_maps"), 0, 9);
    canvas.setAttribute("aria-label", methodNow() ? t("no_map") : t("no_maps"));
    return;
  }
  const signed = chosen.length === 1 && state.display === "signed";
  const texts = chosen.map((band, index) => {
    const table = chosen.length === 2 ? 2 + index : signed ? 0 : 1, y = 17 * index, wide = Math.min(110, width * 0.3);
    for (let x = 0; x < wide; x++) {
      const from = 4 * (table * SHADES + Math.round((x / wide) * (SHADES - 1))), alpha = (tables[from + 3] / 255) * state.opacity;
      const mixed = [0, 1, 2].map((part) => Math.round(tables[from + part] * alpha + 90 * (1 - alpha)));
      context.fillStyle = `rgb(${mixed.join()})`;
      context.fillRect(x, y + 4, 1.5, 10);
    }
    const full = `${shortNumber(band.scale / state.gain)} ${band.unit}`.trim();
    const text = `${band.name} ${band.low}–${band.high} Hz: ${signed ? "±" : "0 – "}${full}`;
    context.fillStyle = inks.ink;
    context.fillText(text, wide + 8, y + 9, width - wide - 8);
    return text;
  });
  if (chosen.length === 1) {
    context.fillStyle = inks.quiet;
    const note = signed ? signedNote(methodNow()?.target ?? "") : t("positive_note");
    context.fillText(note, 0, 26, width);
    texts.push(note);
  }
  canvas.setAttribute("aria-label", texts.join("; "));
}
