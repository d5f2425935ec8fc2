// The frame, maps over it, and outlines of regions.
const PALETTE = ["#e69f00", "#56b4e9", "#00a878", "#cc79a7", "#d55e00", "#8f7ee7", "#7fae2f", "#c9a800", "#35b8b0", "#a0764f"];
const SHADES = 256;
const tables = bytesOf(page.colours);
const scratch = document.createElement("canvas");
const loaded = { sheets: [], cells: new Map(), outlines: null, clip: null };

const colourOf = (region) => {
  const index = regionNames().indexOf(region);
  return region === "elsewhere" ? "#8a949e" : PALETTE[index % PALETTE.length];
};

function regionNames() {
  const names = new Set(state.clip.outlines?.names ?? []);
  for (const maps of state.clip.maps) for (const band of maps.bands) band.course?.regions.forEach((name) => names.add(name));
  return [...names];
}

async function loadPictures(clip, redraw) {
  for (const sheet of loaded.sheets) sheet?.close();
  Object.assign(loaded, { sheets: new Array(clip.sheets.length).fill(null), cells: new Map(), outlines: null, clip });
  const wanted = clip.maps.flatMap((maps) => maps.bands);
  await Promise.all([
    loadSheet(clip, 0),
    ...wanted.map(async (band) => {
      const values = new Int16Array(await inflated(band.data));
      if (loaded.clip === clip) loaded.cells.set(band, values);
    }),
    clip.outlines && inflated(clip.outlines.data).then((buffer) => {
      if (loaded.clip === clip) loaded.outlines = outlinesIn(clip, new Uint16Array(buffer));
    }),
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

async function loadSheet(clip, index) {
  if (loaded.sheets[index]) return;
  const bitmap = await bitmapOf(clip.sheets[index]);
  if (loaded.clip === clip && !loaded.sheets[index]) loaded.sheets[index] = bitmap;
  else bitmap.close();
}

// One path a frame and region; positions are in half pixels of the picture.
function outlinesIn(clip, numbers) {
  const found = [];
  for (let at = 0; at < numbers.length; ) {
    const regions = [];
    for (let region = 0; region < clip.outlines.names.length; region++) {
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

// Bilinear interpolation from cells to pixels: the lower cell and the upper one's weight, for each pixel.
const grids = new Map();
function grid(count, size) {
  const key = count + "/" + size;
  if (!grids.has(key)) {
    const low = new Uint16Array(size), high = new Uint16Array(size), part = new Float32Array(size);
    for (let pixel = 0; pixel < size; pixel++) {
      const place = ((pixel + 0.5) * count) / size - 0.5, floor = Math.floor(place);
      low[pixel] = Math.min(Math.max(floor, 0), count - 1);
      high[pixel] = Math.min(Math.max(floor + 1, 0), count - 1);
      part[pixel] = place - floor;
    }
    grids.set(key, { low, high, part, rows: new Float32Array(count * size), pixels: new Float32Array(size * size) });
  }
  return grids.get(key);
}

// A band's map of one frame in units of full colour: (size * size) values.
function mapAt(band, frame, size, gain) {
  const { cells: count, step, scale } = band;
  const cells = loaded.cells.get(band), offset = frame * count * count;
  const { low, high, part, rows, pixels } = grid(count, size);
  const factor = scale > 0 ? (step * gain) / scale : 0;
  for (let row = 0; row < count; row++) {
    for (let x = 0; x < size; x++) {
      const a = cells[offset + row * count + low[x]], b = cells[offset + row * count + high[x]];
      rows[row * size + x] = (a + (b - a) * part[x]) * factor;
    }
  }
  for (let y = 0; y < size; y++) {
    const a = low[y] * size, b = high[y] * size, share = part[y];
    for (let x = 0; x < size; x++) pixels[y * size + x] = rows[a + x] + (rows[b + x] - rows[a + x]) * share;
  }
  return pixels;
}

const shadeOf = (value, signed) => {
  const place = signed ? (value + 1) / 2 : value;
  return place <= 0 ? 0 : place >= 1 ? SHADES - 1 : (place * (SHADES - 1) + 0.5) | 0;
};

function paintMaps(image, chosen, frame) {
  const { data, width: size } = image;
  const signed = chosen.length === 1 && state.display === "signed";
  if (chosen.length === 1) {
    const values = mapAt(chosen[0], frame, size, state.gain), table = signed ? 0 : SHADES;
    for (let pixel = 0; pixel < values.length; pixel++) {
      const from = 4 * (table + shadeOf(values[pixel], signed)), to = 4 * pixel;
      data[to] = tables[from];
      data[to + 1] = tables[from + 1];
      data[to + 2] = tables[from + 2];
      data[to + 3] = tables[from + 3] * state.opacity;
    }
    return;
  }
  // Where two lie, the hue is the mean weighted by opacity.
  const first = mapAt(chosen[0], frame, size, state.gain).slice(), second = mapAt(chosen[1], frame, size, state.gain);
  for (let pixel = 0; pixel < first.length; pixel++) {
    const a = 4 * (2 * SHADES + shadeOf(first[pixel], false)), b = 4 * (3 * SHADES + shadeOf(second[pixel], false));
    const one = (tables[a + 3] / 255) * state.opacity, other = (tables[b + 3] / 255) * state.opacity;
    const sum = one + other || 1, to = 4 * pixel;
    for (let part = 0; part < 3; part++) data[to + part] = (one * tables[a + part] + other * tables[b + part]) / sum;
    data[to + 3] = 255 * (1 - (1 - one) * (1 - other));
  }
}

let overlay = null;
function drawFrame(context, side, frame) {
  const { size, columns } = state.clip;
  const sheet = Math.floor(frame / (columns * columns)), place = frame % (columns * columns);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const bitmap = loaded.sheets[sheet];
  if (bitmap) context.drawImage(bitmap, (place % columns) * size, Math.floor(place / columns) * size, size, size, 0, 0, side, side);
  else context.fillRect(0, 0, side, side);
  const chosen = bandsNow();
  if (chosen.length && chosen.every((band) => loaded.cells.has(band))) {
    if (overlay?.width !== size) {
      overlay = new ImageData(size, size);
      scratch.width = scratch.height = size;
    }
    paintMaps(overlay, chosen, frame);
    scratch.getContext("2d").putImageData(overlay, 0, 0);
    context.drawImage(scratch, 0, 0, side, side);
  }
  const outlines = loaded.outlines?.[state.clip.outlines.moving ? frame : 0];
  if (outlines) {
    context.save();
    context.scale(side / size, side / size);
    state.clip.outlines.names.forEach((name, index) => {
      if (state.hidden.has(name)) return;
      for (const [colour, width] of [["#000a", 2.6], [colourOf(name), 1.3]]) {
        context.strokeStyle = colour;
        context.lineWidth = (width * size) / side;
        context.stroke(outlines[index]);
      }
    });
    context.restore();
  }
}

// What the colours mean: a bar for each band that is shown, over the grey of tissue, with its limits and unit.
function drawKey(canvas) {
  const width = canvas.clientWidth, height = 34, context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  const chosen = bandsNow();
  context.font = "12px " + FONT();
  context.textBaseline = "middle";
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
      context.fillStyle = `rgb(${mixed})`;
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
    context.fillText(signed ? t("signed_note") : t("positive_note"), 0, 26, width);
  }
  canvas.setAttribute("aria-label", texts.join("; "));
}
