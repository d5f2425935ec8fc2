// The measured tract: contours and midline over the frame, the area function, and the plane of F1 and F2.
const CLOSED = "#ff4b2b";
const FORMANTS = 4;

/**
 * Numbers of every frame, where those of each kind start within a frame's, and which frames are nowhere closed, and
 * have formants that are known and to be trusted.
 * @param {TractData} tract
 * @param {Uint16Array} numbers
 * @param {number} frames
 * @returns {LoadedTract}
 */
function tractIn(tract, numbers, frames) {
  const { sections, contours, points, unknown } = tract;
  const areas = 1, formants = areas + 3 * sections, midline = formants + 3 * FORMANTS, lines = midline + 2 * (sections + 1);
  const all = lines + 2 * points * contours.length, doubtful = new Set(tract.doubtful), open = new Uint8Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    const from = frame * all;
    let closed = numbers[from + formants] === unknown || numbers[from + formants + 3] === unknown || doubtful.has(frame);
    for (let section = 0; section < sections; section++) closed ||= numbers[from + areas + 3 * section] === 0;
    open[frame] = closed ? 0 : 1;
  }
  return { tract, numbers, open, areas, formants, midline, lines, all };
}

/**
 * A line through points that begin at a place of the numbers; false where they are not known.
 * @param {CanvasRenderingContext2D} context
 * @param {LoadedTract} found
 * @param {number} from
 * @param {number} count
 */
function tracePoints(context, { numbers, tract: { unknown, per_pixel } }, from, count) {
  if (numbers[from] === unknown) return false;
  context.beginPath();
  for (let at = from; at < from + 2 * count; at += 2) {
    const x = numbers[at] / per_pixel, y = numbers[at + 1] / per_pixel;
    if (at === from) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  return true;
}

/**
 * Contours and midline, on a context whose units are the frame's pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {number} frame
 * @param {number} pixel of the screen
 */
function drawContours(context, frame, pixel) {
  const found = loaded.tract;
  if (!found || !state.tract) return;
  const { tract, midline, lines, all } = found, from = frame * all;
  /** @type {(start: number, count: number, color: string) => void} */
  const line = (start, count, color) => {
    if (!tracePoints(context, found, from + start, count)) return;
    for (const [ink, width] of /** @type {[string, number][]} */ ([["#000a", 3.2], [color, 1.6]])) {
      context.strokeStyle = ink;
      context.lineWidth = width * pixel;
      context.stroke();
    }
  };
  context.lineJoin = "round";
  tract.contours.forEach((_, index) => line(lines + 2 * tract.points * index, tract.points, tract.colors[index]));
  line(midline, tract.sections + 1, "#fff");
}

/**
 * Axes with marks, drawn once for a size, a language and a theme, and copied from then on.
 * @type {Map<HTMLCanvasElement, { key: string, image: HTMLCanvasElement }>}
 */
const grounds = new Map();
/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ x: [number, number], y: [number, number], names: [string, string] }} what
 * @param {(context: CanvasRenderingContext2D, axes: Axes) => void} more
 */
function onGround(canvas, { x: [x0, x1], y: [y0, y1], names }, more) {
  const width = canvas.clientWidth, height = canvas.clientHeight, context = sized(canvas, width, height);
  const left = 46, top = 8, wide = width - left - 12, tall = height - top - 36;
  /** @type {Axes} */
  const axes = { left, top, wide, tall, x: (value) => left + ((value - x0) / (x1 - x0)) * wide, y: (value) => top + (1 - (value - y0) / (y1 - y0)) * tall };
  const key = [width, height, window.devicePixelRatio, state.clip.name, state.language, inks.ground, dark].join("|");
  let ground = grounds.get(canvas);
  if (ground?.key !== key) {
    const image = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const on = sized(image, width, height);
    on.font = "11px " + FONT();
    on.fillStyle = inks.quiet;
    on.textBaseline = "middle";
    on.textAlign = "center";
    for (const value of marks(Math.min(x0, x1), Math.max(x0, x1), wide / 55).values) {
      on.fillText(String(Number(value.toFixed(2))), axes.x(value), top + tall + 11);
      on.fillRect(axes.x(value), top + tall, 1, 4);
    }
    on.fillText(names[0], left + wide / 2, height - 8);
    on.textAlign = "right";
    for (const value of marks(Math.min(y0, y1), Math.max(y0, y1), tall / 26).values) {
      on.fillText(String(Number(value.toFixed(2))), left - 7, axes.y(value));
      on.fillRect(left - 4, axes.y(value), 4, 1);
    }
    on.save();
    on.translate(8, top + tall / 2);
    on.rotate(-Math.PI / 2);
    on.textAlign = "center";
    on.fillText(names[1], 0, 0);
    on.restore();
    on.strokeStyle = inks.line;
    on.strokeRect(left + 0.5, top + 0.5, wide - 1, tall - 1);
    more(on, axes);
    ground = { key, image };
    grounds.set(canvas, ground);
  }
  context.clearRect(0, 0, width, height);
  context.drawImage(ground.image, 0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(left, top - 4, wide, tall + 4);
  context.clip();
  return { context, axes };
}

/** @param {number} frame */
function drawTract(frame) {
  $("tract-panel").hidden = !loaded.tract;
  if (!loaded.tract) return;
  drawAreas(loaded.tract, frame);
  drawPlane(loaded.tract, frame);
}

/**
 * @param {LoadedTract} found
 * @param {number} frame
 */
function drawAreas({ tract, numbers, areas, all }, frame) {
  const canvas = $("tract-area"), { sections, per_cm, unknown } = tract;
  const { context, axes } = onGround(canvas, { x: [0, tract.length], y: [0, tract.area], names: [t("from_glottis"), t("area")] }, () => {});
  const from = frame * all, length = numbers[from] / per_cm, first = from + areas;
  const known = numbers[from] !== unknown;
  if (known) {
    /** @type {(kind: number, back?: boolean) => void} */
    const steps = (kind, back = false) => {
      for (let step = 0; step < 2 * sections; step++) {
        const place = back ? 2 * sections - 1 - step : step, section = place >> 1;
        context.lineTo(axes.x((length * ((place + 1) >> 1)) / sections), axes.y(numbers[first + 3 * section + kind] / per_cm));
      }
    };
    context.beginPath();
    steps(1);
    steps(2, true);
    context.fillStyle = inks.shade;
    context.fill();
    context.beginPath();
    steps(0);
    context.strokeStyle = inks.accent;
    context.lineWidth = 1.8;
    context.lineJoin = "round";
    context.stroke();
    context.fillStyle = CLOSED;
    for (let section = 0; section < sections; section++) if (numbers[first + 3 * section] === 0) dot(context, axes.x((length * (section + 0.5)) / sections), axes.y(0) - 3, 3.5);
  } else {
    context.font = "12px " + FONT();
    context.fillStyle = inks.quiet;
    context.textAlign = "center";
    context.fillText(t("no_tract"), axes.left + axes.wide / 2, axes.top + axes.tall / 2);
    context.textAlign = "left";
  }
  context.restore();
  canvas.setAttribute("aria-label", `${t("area_function")}, ${t("frame")} ${frame}${known ? `, ${length.toFixed(1)} cm` : `: ${t("no_tract")}`}`);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/**
 * F2 to the left and F1 downwards, as for vowels; where the tract is closed, the point is gray.
 * @param {LoadedTract} found
 * @param {number} frame
 */
function drawPlane({ tract, numbers, open, formants, all }, frame) {
  const canvas = $("tract-plane");
  const { f1: [low1, high1], f2: [low2, high2], unknown } = tract;
  /** @type {(at: number, axes: Axes, draw: (x: number, y: number) => void) => void} */
  const place = (at, axes, draw) => {
    const from = at * all + formants;
    draw(axes.x(numbers[from + 3]), axes.y(numbers[from]));
  };
  const { context, axes } = onGround(canvas, { x: [high2, low2], y: [high1, low1], names: [t("tube_f2"), t("tube_f1")] }, (on, within) => {
    on.fillStyle = inks.line;
    for (let at = 0; at < frameCount(); at++) if (open[at]) place(at, within, (x, y) => dot(on, x, y, 1.6));
  });
  const from = frame * all + formants;
  const known = numbers[from] !== unknown && numbers[from + 3] !== unknown;
  if (known) {
    place(frame, axes, (x, y) => {
      context.strokeStyle = context.fillStyle = open[frame] ? inks.accent : inks.quiet;
      context.lineWidth = 1.2;
      context.beginPath();
      if (numbers[from + 4] !== unknown) {
        context.moveTo(axes.x(numbers[from + 4]), y);
        context.lineTo(axes.x(numbers[from + 5]), y);
      }
      if (numbers[from + 1] !== unknown) {
        context.moveTo(x, axes.y(numbers[from + 1]));
        context.lineTo(x, axes.y(numbers[from + 2]));
      }
      context.stroke();
      if (open[frame]) dot(context, x, y, 5);
      else {
        context.beginPath();
        context.arc(x, y, 5, 0, 2 * Math.PI);
        context.stroke();
      }
    });
  }
  context.restore();
  const said = known ? `F1 ${numbers[from]} Hz, F2 ${numbers[from + 3]} Hz` : t("no_tract");
  canvas.setAttribute("aria-label", `${t("tube_plane")}, ${t("frame")} ${frame}: ${said}`);
}

/**
 * The tube's formants as lines over the spectrogram; nothing where the tract is closed.
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {(hz: number) => number} y
 */
function paintTube(context, width, y) {
  if (!loaded.tract || !state.tube) return;
  const { tract, numbers, open, formants, all } = loaded.tract;
  context.lineWidth = 1.4;
  for (let formant = 0; formant < FORMANTS; formant++) {
    context.strokeStyle = inks["f" + (formant + 1)];
    context.beginPath();
    let on = false;
    for (let frame = 0; frame < frameCount(); frame++) {
      const hz = numbers[frame * all + formants + 3 * formant];
      if (hz === tract.unknown || !open[frame]) on = false;
      else {
        if (on) context.lineTo(xOf(timeOf(frame), width), y(hz));
        else context.moveTo(xOf(timeOf(frame), width), y(hz));
        on = true;
      }
    }
    context.stroke();
  }
}
