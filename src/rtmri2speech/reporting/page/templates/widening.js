// What moving a wall does to a formant: contours in color, the place that is asked for, and articulators as bars.
const LABELS = 118;
const ROW = 21;

/**
 * @param {WideningData} widening
 * @param {number} frames
 * @returns {Promise<LoadedWidening>}
 */
async function wideningIn(widening, frames) {
  /** @param {Chunk} chunk */
  const numbers = async (chunk) => new Int16Array(await inflated(chunk));
  /** @type {LoadedWidening["answers"]} */
  const answers = new Map();
  const [places, owners] = await Promise.all([
    numbers(widening.places), inflated(widening.owners).then((buffer) => new Int8Array(buffer)),
    ...widening.formants.flatMap((formant) => formant.answers.map(async (answer) => {
      const [points, walls] = await Promise.all([numbers(answer.data), numbers(answer.walls)]);
      answers.set(answer, { points, walls });
    })),
  ]);
  return { widening, frames, places, owners, answers, all: widening.contours.length * widening.points };
}

const wallsShown = () => (state.layer === "walls" ? loaded.widening : null);
/** @param {LoadedWidening} found */
const movedFormant = ({ widening }) => widening.formants[state.formant] ?? widening.formants[0];
/** @param {LoadedWidening} found */
const answerNow = (found) => movedFormant(found).answers.find((one) => one.kind === state.answer) ?? movedFormant(found).answers[0];

/**
 * A point's Hz per mm for each cm of wall.
 * @param {LoadedWidening} found
 * @param {AnswerData} answer
 * @param {number} frame
 * @param {number} point
 */
function pointValue(found, answer, frame, point) {
  const level = found.answers.get(answer)?.points[frame * found.all + point] ?? found.widening.unknown;
  return level === found.widening.unknown ? null : level * answer.step;
}

/**
 * An articulator's Hz per mm, and the bounds of its interval.
 * @param {LoadedWidening} found
 * @param {AnswerData} answer
 * @param {number} frame
 * @param {number} wall
 */
function wallValue(found, answer, frame, wall) {
  const { unknown, articulators } = found.widening, from = 3 * (frame * articulators.length + wall);
  return [0, 1, 2].map((which) => {
    const level = found.answers.get(answer)?.walls[from + which] ?? unknown;
    return level === unknown ? null : level * answer.wall_step;
  });
}

/**
 * Where a point lies, in the frame's pixels; null where there is no such contour.
 * @param {LoadedWidening} found
 * @param {number} frame
 * @param {number} point
 * @returns {[number, number] | null}
 */
function pointPlace({ widening, places, all }, frame, point) {
  const at = 2 * (frame * all + point);
  return places[at] === widening.unknown ? null : [places[at] / widening.per_pixel, places[at + 1] / widening.per_pixel];
}

/**
 * The color of a share of full color, -1 to 1, at full opacity.
 * @param {number} share
 */
function signedColor(share) {
  const at = 4 * Math.round(((Math.min(Math.max(share, -1), 1) + 1) / 2) * (SHADES - 1));
  return `rgb(${tables[at]} ${tables[at + 1]} ${tables[at + 2]})`;
}

/**
 * Walls in color, on a context whose units are the frame's pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {number} frame
 * @param {number} pixel of the screen
 */
function drawWalls(context, frame, pixel) {
  const found = wallsShown();
  if (!found) return;
  const answer = answerNow(found), { contours, points } = found.widening;
  context.lineCap = context.lineJoin = "round";
  contours.forEach((_, contour) => {
    const line = Array.from({ length: points }, (_point, index) => pointPlace(found, frame, contour * points + index));
    const first = line[0];
    if (!first) return;
    context.beginPath();
    for (const place of line) if (place) context.lineTo(...place);
    context.strokeStyle = "#000b";
    context.lineWidth = 6 * pixel;
    context.stroke();
    context.lineWidth = 4 * pixel;
    for (let index = 0; index + 1 < points; index++) {
      const from = line[index], to = line[index + 1];
      const [one, other] = [0, 1].map((step) => pointValue(found, answer, frame, contour * points + index + step));
      if (!from || !to || one === null || other === null) continue;
      context.strokeStyle = signedColor(((one + other) / 2 / answer.scale) * state.gain);
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    }
  });
  const place = state.probe === null ? null : pointPlace(found, frame, state.probe);
  if (!place) return;
  for (const [color, width] of /** @type {[string, number][]} */ ([["#000", 5], ["#ffe14a", 2.4]])) {
    context.strokeStyle = color;
    context.lineWidth = width * pixel;
    context.beginPath();
    context.arc(...place, 8 * pixel, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** @param {number | null} value */
const signedNumber = (value) => (value === null ? t("unknown") : (value < 0 ? "−" : "+") + shortNumber(Math.abs(value)));

/**
 * What is said of the place that is asked for: how to ask, where none is.
 * @param {number} frame
 */
function tellPlace(frame) {
  const found = wallsShown(), place = $("told");
  place.hidden = !found;
  if (!found) return;
  const point = state.probe, formant = movedFormant(found);
  let text = t("ask");
  if (point !== null) {
    const wall = found.owners[frame * found.all + point], name = named(found.widening.articulators[wall]);
    const parts = formant.answers.map((answer) => {
      const whole = wallValue(found, answer, frame, wall);
      const range = whole[1] === null ? "" : ` (${signedNumber(whole[1])} ${t("until")} ${signedNumber(whole[2])})`;
      return `${t("by_" + answer.kind)} ${signedNumber(pointValue(found, answer, frame, point))} ${t("here")}, ${signedNumber(whole[0])}${range} ${t("whole")}`;
    });
    text = `${formant.name}, ${name}: ${parts.join("; ")} ${t("told_unit")}`;
  }
  if (place.textContent !== text) place.textContent = text;
}

/**
 * The point nearest to a place of the frame's canvas, within a finger's reach.
 * @param {PointerEvent} event
 */
function pointUnder(event) {
  const found = wallsShown();
  if (!found) return null;
  const box = $("frame").getBoundingClientRect(), factor = state.clip.size / box.width, frame = frameAt(state.time);
  const x = (event.clientX - box.left) * factor, y = (event.clientY - box.top) * factor;
  let best = null, reach = (event.pointerType === "touch" ? 28 : 16) * factor;
  for (let point = 0; point < found.all; point++) {
    const place = pointPlace(found, frame, point);
    if (!place) continue;
    const away = Math.hypot(place[0] - x, place[1] - y);
    if (away < reach) [best, reach] = [point, away];
  }
  return best;
}

/**
 * To the next point along the walls that there are, for the keyboard.
 * @param {number} by
 */
function moveProbe(by) {
  const found = wallsShown();
  if (!found) return;
  const frame = frameAt(state.time);
  let point = state.probe ?? (by > 0 ? -1 : found.all);
  for (let tried = 0; tried < found.all; tried++) {
    point = (point + by + found.all) % found.all;
    if (pointPlace(found, frame, point)) break;
  }
  [state.probe, state.pinned] = [point, true];
  redraw();
}

/**
 * Articulators moved as a whole: a bar for the model, a dot with its interval for the tube.
 * @param {number} frame
 */
function drawBars(frame) {
  const found = wallsShown(), canvas = $("wall-bars");
  $("wall-panel").hidden = !found;
  if (!found) return;
  const { articulators, unit } = found.widening, { answers, name } = movedFormant(found);
  const width = canvas.clientWidth, height = 42 + ROW * articulators.length + 22, context = sized(canvas, width, height);
  canvas.style.height = height + "px";
  const labels = Math.min(LABELS, width * 0.4), wide = width - labels - 12, top = 40, tall = ROW * articulators.length;
  const limit = Math.max(...answers.map((one) => one.wall_scale)) * 1.15;
  /** @param {number} value */
  const x = (value) => labels + ((Math.min(Math.max(value, -limit), limit) + limit) / (2 * limit)) * wide;
  context.clearRect(0, 0, width, height);
  context.textBaseline = "middle";
  context.font = "12px " + FONT();
  context.fillStyle = inks.ink;
  const hertz = movedFormant(found).hz[frame];
  context.fillText(`${name} ${hertz === null ? t("not_found") : `${hertz.toFixed(0)} Hz`} · ${unit}`, 0, 9, width);
  context.fillStyle = inks.quiet;
  context.fillText(answers.map((one) => t("drawn_" + one.kind)).join(", "), 0, 26, width);
  context.font = "11px " + FONT();
  context.textAlign = "center";
  const { values, digits } = marks(-limit, limit, wide / 70);
  for (const value of values) {
    context.fillStyle = inks.line;
    context.fillRect(x(value), top, 1, tall);
    context.fillStyle = inks.quiet;
    context.fillText(value.toFixed(digits), x(value), top + tall + 11);
  }
  const said = articulators.map((articulator, wall) => {
    const y = top + ROW * (wall + 0.5), texts = [];
    context.textAlign = "right";
    context.fillStyle = inks.ink;
    context.fillText(named(articulator), labels - 8, y, labels - 10);
    for (const answer of answers) {
      const [value, low, high] = wallValue(found, answer, frame, wall);
      texts.push(`${t("by_" + answer.kind)} ${signedNumber(value)}`);
      if (value === null) continue;
      if (answer.kind === "model") {
        context.fillStyle = signedColor(Math.sign(value) * 0.8);
        context.fillRect(Math.min(x(0), x(value)), y - 6, Math.max(Math.abs(x(value) - x(0)), 1.5), 12);
      } else {
        context.fillStyle = inks.accent;
        if (low !== null && high !== null) context.fillRect(x(low), y - 0.75, Math.max(x(high) - x(low), 1), 1.5);
        dot(context, x(value), y, 3.5);
      }
    }
    return `${named(articulator)}: ${texts.join(", ")}`;
  });
  context.fillStyle = inks.quiet;
  context.fillRect(x(0), top, 1, tall);
  context.textAlign = "left";
  canvas.setAttribute("aria-label", `${name}, ${unit}, ${t("frame")} ${frame}. ${said.join("; ")}`);
}

/**
 * Articulators over time, as the timeline takes them.
 * @returns {{ regions: string[], share: (number | null)[][], signed: (number | null)[][], band: { name: string, unit: string } } | null}
 */
function wallCourse() {
  const found = wallsShown();
  if (!found) return null;
  const answer = answerNow(found), { articulators, unit } = found.widening;
  const key = movedFormant(found).name + answer.kind;
  if (found.course?.key !== key) {
    const lines = articulators.map((_, wall) => Array.from({ length: found.frames }, (_frame, frame) => wallValue(found, answer, frame, wall)[0]));
    found.course = { key, lines };
  }
  const { lines } = found.course;
  return { regions: articulators, share: lines, signed: lines, band: { name: movedFormant(found).name, unit } };
}

/**
 * The key's text in this layer: what full color is, and what the colors mean.
 * @param {CanvasRenderingContext2D} context
 * @param {LoadedWidening} found
 * @param {number} width
 */
function drawWallKey(context, found, width) {
  const answer = answerNow(found), wide = Math.min(110, width * 0.3), { name } = movedFormant(found);
  for (let x = 0; x < wide; x++) {
    context.fillStyle = signedColor((2 * x) / wide - 1);
    context.fillRect(x, 4, 1.5, 10);
  }
  const text = `${name}: ±${shortNumber(answer.scale / state.gain)} ${t("per_cm")}`, note = t("walls_note").replace("{}", name);
  context.fillStyle = inks.ink;
  context.fillText(text, wide + 8, 9, width - wide - 8);
  context.fillStyle = inks.quiet;
  context.fillText(note, 0, 26, width);
  return [text, note];
}

/**
 * Where a clip is opened: in the vowel, or else the frame, with the largest effects on the first formant.
 * @param {LoadedWidening} found
 * @param {VowelData[]} vowels
 */
function strongestWalls(found, vowels) {
  const { points } = found.answers.get(found.widening.formants[0].answers[0]) ?? { points: new Int16Array() };
  const middles = vowels.map(({ start, end }) => frameAt((start + end) / 2));
  let best = 0, most = -1;
  for (const frame of middles.length ? middles : Array.from({ length: found.frames }, (_, at) => at)) {
    let sum = 0;
    for (let at = frame * found.all; at < (frame + 1) * found.all; at++) if (points[at] !== found.widening.unknown) sum += Math.abs(points[at]);
    if (sum > most) [best, most] = [frame, sum];
  }
  return best;
}
