// The loop that draws, going to times, and opening clips.
let wantedDraw = 0;
const redraw = () => { wantedDraw ||= requestAnimationFrame(draw); };

function draw() {
  wantedDraw = 0;
  if (!state.clip) return;
  if (state.playing) {
    const time = heardTime();
    if (time !== null) {
      state.time = Math.min(time, player.until);
      follow();
      if (time >= player.until) {
        pause();
        showPlaying();
      }
    }
  }
  drawNow();
  if (state.playing) redraw();
}

function drawNow() {
  const frame = $("frame"), side = frame.clientWidth;
  drawFrame(sized(frame, side, side), side, frameAt(state.time));
  drawTract(frameAt(state.time));
  drawBars(frameAt(state.time));
  tellPlace(frameAt(state.time));
  drawTimeline($("timeline"));
  showTime();
}

// What does not change from frame to frame.
function drawAll() {
  readInks();
  drawKey($("key"));
  drawVowels($("vowels"));
  redraw();
}

/** @type {number | null} */
let spoken = null;
function showTime() {
  const frame = frameAt(state.time), doubtful = (state.clip.outlines ?? state.clip.tract)?.doubtful.includes(frame);
  const labels = [...labelsAt(state.time), ...(doubtful ? [t("doubtful")] : [])];
  $("where").textContent = `${t("frame")} ${frame} / ${frameCount() - 1} · ${state.time.toFixed(3)} s`;
  $("said").textContent = labels.join(" · ");
  const slider = $("timeline");
  slider.setAttribute("aria-valuemax", String(frameCount() - 1));
  slider.setAttribute("aria-valuenow", String(frame));
  slider.setAttribute("aria-valuetext", `${$("where").textContent} ${labels.join(", ")}`);
  const walls = wallsShown(), shown = walls ? `${t("walls")}, ${movedFormant(walls).name}, ${t("by_" + answerNow(walls).kind)}` : bandsNow().map((band) => band.name).join(" + ");
  $("frame").setAttribute("aria-label", `${state.clip.name}, ${t("frame")} ${frame}` + (shown ? `, ${shown}` : ""));
  const vowel = state.clip.sounds.flatMap((sound) => sound.vowels).find((one) => state.time >= one.start && state.time < one.end);
  const now = vowel ? vowel.start : null;
  if (spoken !== now) {
    spoken = now;
    drawVowels($("vowels"));
  }
}

/** @param {number} time */
const labelsAt = (time) => state.clip.tiers.flatMap((tier) => tier.entries.filter(([start, end]) => time >= start && time < end).map(([, , label]) => label));

function showPlaying() {
  const button = $("play");
  button.classList.toggle("playing", state.playing);
  button.setAttribute("aria-label", t(state.playing ? "pause" : "play"));
  button.title = t(state.playing ? "pause" : "play");
}

async function toggle() {
  if (state.playing) pause();
  else {
    const started = play();
    showPlaying();
    redraw();
    await started;
  }
  showPlaying();
  redraw();
}

/**
 * To a time; sound goes on from there.
 * @param {number} time
 */
function go(time) {
  state.time = Math.min(Math.max(time, 0), state.clip.seconds - 1e-6);
  follow();
  if (state.playing) play();
  redraw();
}

/** @param {number} count */
const step = (count) => {
  if (state.playing) toggle();
  go(timeOf(Math.min(Math.max(frameAt(state.time) + count, 0), frameCount() - 1)));
};

/** @param {ClipData} clip */
async function openClip(clip) {
  pause();
  const regions = new Set([...(clip.outlines?.names ?? [])]);
  // Parts say more than the whole, and clear outlines more than all of them.
  const parts = regions.has("tongue_body");
  Object.assign(state, {
    clip, time: 0, sound: 0, method: 0, selection: null, from: 0, to: clip.seconds,
    hidden: new Set(["elsewhere", ...(parts ? ["tongue", "airway"] : []), ...(regions.has("upper_lip") ? ["lips"] : [])]),
    bands: clip.maps.length ? [0] : [],
    // Two sets of lines over one frame are one too many to open with.
    tract: !clip.outlines && !clip.widening, tube: true,
    layer: clip.widening ? "walls" : "maps", formant: 0, answer: "model", probe: null, pinned: false,
    display: clip.maps[0]?.kind === "hirescam" ? "signed" : "positive",
  });
  const loading = await loadFrames(clip, redraw);
  state.time = timeOf(strongest(clip));
  const sheet = Math.floor(frameAt(state.time) / clip.columns ** 2);
  if (!loaded.sheets[sheet]) await loadSheet(clip, sheet);
  await loadTimeline(soundNow(), redraw);
  changed();
  showPlaying();
  drawNow();
  return loading;
}

/**
 * The frame of the first band's largest value: where a clip is opened, because most frames have next to none.
 * @param {ClipData} clip
 */
function strongest(clip) {
  if (loaded.widening) return strongestWalls(loaded.widening, clip.sounds.flatMap((sound) => sound.vowels));
  const band = clip.maps[0]?.bands[0], cells = band && loaded.cells.get(band);
  let best = 0;
  cells?.forEach((value, at) => { if (Math.abs(value) > Math.abs(cells[best])) best = at; });
  return band ? Math.floor(best / band.cells ** 2) : 0;
}

/** @param {number} index */
async function useSound(index) {
  state.sound = index;
  if (state.playing) play();
  await loadTimeline(soundNow(), redraw);
  changed();
}

/**
 * Walls, or one of the methods of maps.
 * @param {string} value
 */
function useLayer(value) {
  state.layer = value === "walls" ? "walls" : "maps";
  if (value === "walls") changed();
  else useMethod(Number(value));
}

/** @param {number} index */
function useMethod(index) {
  state.method = index;
  state.bands = state.bands.filter((band) => band < methodNow().bands.length);
  state.display = methodNow().kind === "hirescam" ? "signed" : "positive";
  changed();
}

const panel = document.querySelector(".heard");
if (panel) new ResizeObserver(() => { if (state.clip) drawAll(); }).observe(panel);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (state.clip) drawAll(); });

/**
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  const place = $("problem");
  place.textContent = `${t("failed")} ${error instanceof Error ? error.message : error}`;
  place.hidden = false;
  throw error;
}

readInks();
state.language = navigator.language?.startsWith("ja") ? "ja" : "en";
for (const one of radios("language")) one.checked = one.value === state.language;
translate();
const opened = openClip(page.clips[0]).then((loading) => {
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
  return loading;
}, fail);

// For measurements: the state, all frames decoded, and a frame drawn at once.
window.rtmri = {
  state, player,
  loaded: () => opened.then((loading) => loading.others),
  show(frame) {
    state.time = timeOf(frame);
    drawNow();
    contextOf($("frame")).getImageData(0, 0, 1, 1);
  },
};
