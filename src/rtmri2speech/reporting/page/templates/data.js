// Parts of the page: its description, its words, and binary chunks that are decoded when they are needed.

/** @type {<K extends keyof PageElements>(id: K) => PageElements[K]} */
const $ = (id) => /** @type {any} */ (document.getElementById(id));
/** @type {PageData} */
const page = JSON.parse($("page").textContent);
/** @type {Record<Language, Words>} */
const strings = JSON.parse($("strings").textContent);

/** @type {State} */
const state = {
  clip: /** @type {any} */ (null), time: 0, playing: false, speed: 1, sound: 0, language: "en",
  method: 0, bands: [], display: "positive", gain: 1, opacity: 0.75, hidden: new Set(), areas: false, tract: false, tube: true,
  layer: "maps", formant: 0, answer: "model", probe: null, pinned: false,
  from: 0, to: 1, selection: null, course: "share", formants: true, limits: true,
};

/** @param {string} key */
const t = (key) => strings[state.language][key] ?? strings.en[key] ?? key;
/**
 * Names from files, such as regions and measures: translated where they are known, else as they are.
 * @param {string} key
 */
const named = (key) => strings[state.language].names[key] ?? key.replaceAll("_", " ");

/** @param {Chunk} number */
function bytesOf(number) {
  const text = document.getElementById("chunk" + number)?.textContent ?? "";
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** @param {Chunk} number */
async function inflated(number) {
  const stream = new Blob([bytesOf(number)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** @param {Chunk} number */
const bitmapOf = (number) => createImageBitmap(new Blob([bytesOf(number)], { type: "image/webp" }));

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function drawing(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** @type {Inks} */
const inks = {};
let dark = false;
function readInks() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "surface", "raised", "ink", "quiet", "line", "accent", "cursor", "shade", "frame"];
  for (const name of [...names, "f1", "f2", "f3", "f4"]) inks[name] = style.getPropertyValue("--" + name).trim();
  dark = style.colorScheme === "dark";
}

const FONT = () => getComputedStyle(document.documentElement).fontFamily;
const frameCount = () => state.clip.frames;
/** @param {number} time */
const frameAt = (time) => Math.min(frameCount() - 1, Math.max(0, Math.floor(time * state.clip.rate + 1e-6)));
/** @param {number} frame */
const timeOf = (frame) => (frame + 0.5) / state.clip.rate;
const soundNow = () => state.clip.sounds[state.sound] ?? null;
const methodNow = () => state.clip.maps[state.method] ?? null;
// Walls in color are shown in place of maps.
const bandsNow = () => state.layer === "walls" ? [] : state.bands.flatMap((index) => methodNow()?.bands[index] ?? []);
/** @param {SoundData} sound */
const soundName = (sound) => t(sound.kind) + (sound.label ? ": " + sound.label : "");

/** @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * A canvas as sharp as the screen: its context, in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** @param {number | null | undefined} value */
const shortNumber = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return size < 1 ? value.toFixed(3) : size < 10 ? value.toFixed(2) : size < 1000 ? value.toFixed(1) : value.toFixed(0);
};

/**
 * The smallest and the largest of many values, which as arguments of one call would be too many for a long clip.
 * @param {Iterable<number | null>} values
 * @returns {Span}
 */
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/**
 * Round values for the marks of an axis.
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
function marks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * (1 - 1e-9)) ?? rough;
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-6; value += step) found.push(value);
  const digits = [0, 1, 2, 3, 4, 5, 6].find((count) => Math.abs(step * 10 ** count - Math.round(step * 10 ** count)) < 1e-6);
  return { values: found, digits: digits ?? 7 };
}
