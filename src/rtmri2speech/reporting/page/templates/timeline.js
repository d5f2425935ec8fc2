// The timeline: what its lanes are, the part of the clip that they show, and what moves above them.
// Pixels: left of the lanes, right of them, and between them.
const GUTTER = 60;
const MARGIN = 14;
const GAP = 10;
/** @type {{ key: string, spectrograms: Map<SoundData, Tinted>, waves: Map<SoundData, Float32Array> }} */
const still = { key: "", spectrograms: new Map(), waves: new Map() };

function lanes() {
  /** @type {Lane[]} */
  const found = [];
  let top = 4;
  /** @type {(kind: Lane["kind"], height: number, more?: { tier?: TierData }) => void} */
  const add = (kind, height, more = {}) => {
    found.push({ kind, top, height, ...more });
    top += height + GAP;
  };
  if (soundNow()) {
    add("wave", 38);
    add("spectrogram", 196);
    if (soundNow()?.tracks) add("pitch", 58);
  }
  state.clip.tiers.forEach((tier) => {
    add("tier", 24, { tier });
    top -= GAP - 3;
  });
  if (state.clip.tiers.length) top += GAP - 3;
  if (courseNow()) add("course", 128);
  found.push({ kind: "axis", top: top - 4, height: 22 });
  return { lanes: found, height: top + 18 };
}

// The course of the band that is shown, or of the first.
function courseNow() {
  if (state.layer === "walls") return wallCourse();
  const band = bandsNow()[0] ?? methodNow()?.bands[0];
  return band?.course ? { ...band.course, band } : null;
}

/**
 * @param {number} time
 * @param {number} width
 */
const xOf = (time, width) => GUTTER + ((time - state.from) / (state.to - state.from)) * (width - GUTTER - MARGIN);
/**
 * @param {number} x
 * @param {number} width
 */
const timeAt = (x, width) => state.from + ((x - GUTTER) / (width - GUTTER - MARGIN)) * (state.to - state.from);

/**
 * @param {SoundData | null} sound
 * @param {() => void} redraw
 */
function loadTimeline(sound, redraw) {
  if (!sound) return Promise.resolve();
  /** @type {Promise<unknown>[]} */
  const jobs = [];
  if (!still.spectrograms.has(sound)) {
    jobs.push(bitmapOf(sound.spectrogram.data).then((bitmap) => still.spectrograms.set(sound, tinted(bitmap))));
  }
  if (!still.waves.has(sound)) {
    samplesOf(sound).then((buffer) => { still.waves.set(sound, buffer.getChannelData(0)); redraw(); }, () => {});
  }
  return Promise.all(jobs);
}

/**
 * Loud is bright in the file: for paper that is turned round.
 * @param {ImageBitmap} bitmap
 * @returns {Tinted}
 */
function tinted(bitmap) {
  /** @param {boolean} invert */
  const make = (invert) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = contextOf(canvas);
    context.drawImage(bitmap, 0, 0);
    if (invert) {
      context.globalCompositeOperation = "difference";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    return canvas;
  };
  return { light: make(true), dark: make(false) };
}

/** @param {HTMLCanvasElement} canvas */
function drawTimeline(canvas) {
  const width = canvas.clientWidth, plan = lanes();
  canvas.style.height = plan.height + "px";
  const sound = soundNow();
  const key = [width, plan.height, window.devicePixelRatio, state.clip.name, state.sound, state.layer, state.formant, state.answer, state.from, state.to, state.language, inks.ground,
    state.course, state.method, state.bands, state.formants, state.limits, state.tube && loaded.tract !== null, [...state.hidden], sound && still.waves.has(sound), sound && still.spectrograms.has(sound)].join("|");
  if (still.key !== key) {
    still.key = key;
    const context = sized(canvas, width, plan.height);
    context.clearRect(0, 0, width, plan.height);
    for (const lane of plan.lanes) drawLane(context, lane, width);
  }
  // What moves lies above in elements of its own, so that the rest is drawn only when it changes.
  const shown = spans(width);
  for (const name of /** @type {const} */ (["selection", "span", "cursor"])) {
    const style = $(name).style, [start, end] = shown[name] ?? [0, 0];
    style.height = plan.lanes[plan.lanes.length - 1].top + "px";
    style.width = Math.max(0, end - start) + "px";
    style.transform = `translateX(${start}px)`;
  }
}

/**
 * From where to where, in pixels: the selection, the frame that is shown, and the cursor.
 * @param {number} width
 * @returns {{ selection: Span | null, span: Span, cursor: Span }}
 */
function spans(width) {
  /** @type {(a: number, b: number) => Span} */
  const clipped = (a, b) => [Math.max(a, GUTTER), Math.min(b, width - MARGIN)];
  const frame = frameAt(state.time), now = xOf(state.time, width);
  return {
    selection: state.selection && clipped(xOf(state.selection[0], width), xOf(state.selection[1], width)),
    span: clipped(xOf(frame / state.clip.rate, width), xOf((frame + 1) / state.clip.rate, width)),
    cursor: clipped(now - 0.75, now + 0.75),
  };
}

/**
 * @param {number} from
 * @param {number} to
 */
function setView(from, to) {
  const whole = state.clip.seconds, length = Math.min(Math.max(to - from, 4 / state.clip.rate), whole);
  state.from = Math.min(Math.max(from, 0), whole - length);
  state.to = state.from + length;
}

/** @param {number} factor */
const zoom = (factor) => {
  const length = (state.to - state.from) * factor;
  const middle = state.time >= state.from && state.time <= state.to ? state.time : (state.from + state.to) / 2;
  const share = (middle - state.from) / (state.to - state.from);
  setView(middle - share * length, middle + (1 - share) * length);
};

// A page is turned when the cursor runs out of the view.
function follow() {
  if (state.time >= state.from && state.time <= state.to) return;
  const length = state.to - state.from;
  setView(state.time - 0.05 * length, state.time + 0.95 * length);
}
