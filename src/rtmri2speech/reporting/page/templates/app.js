// Controls, keys, words, and the loop that draws.
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
        tellPlaying();
      }
    }
  }
  drawNow();
  if (state.playing) redraw();
}

function drawNow() {
  const frame = $("frame"), side = frame.clientWidth;
  drawFrame(sized(frame, side, side), side, frameAt(state.time));
  drawTimeline($("timeline"));
  tellTime();
}

// What does not change from frame to frame.
function drawAll() {
  readInks();
  drawKey($("key"));
  drawVowels($("vowels"));
  redraw();
}

let spoken = "";
function tellTime() {
  const frame = frameAt(state.time), labels = labelsAt(state.time);
  $("where").textContent = `${t("frame")} ${frame} / ${frames() - 1} · ${state.time.toFixed(3)} s`;
  $("said").textContent = labels.join(" · ");
  const slider = $("timeline");
  slider.setAttribute("aria-valuemax", String(frames() - 1));
  slider.setAttribute("aria-valuenow", String(frame));
  slider.setAttribute("aria-valuetext", `${$("where").textContent} ${labels.join(", ")}`);
  $("frame").setAttribute("aria-label", `${state.clip.name}, ${t("frame")} ${frame}` + (state.bands.length ? `, ${bandsNow().map((band) => band.name).join(" + ")}` : ""));
  const vowel = state.clip.sounds.flatMap((sound) => sound.vowels).find((one) => state.time >= one.start && state.time < one.end);
  const now = vowel ? vowel.start : null;
  if (spoken !== now) {
    spoken = now;
    drawVowels($("vowels"));
  }
}

const labelsAt = (time) => state.clip.tiers.flatMap((tier) => tier.entries.filter(([start, end]) => time >= start && time < end).map(([, , label]) => label));

function tellPlaying() {
  const button = $("play");
  button.classList.toggle("playing", state.playing);
  button.setAttribute("aria-label", t(state.playing ? "pause" : "play"));
  button.title = t(state.playing ? "pause" : "play");
}

async function toggle() {
  if (state.playing) pause();
  else {
    const started = play();
    tellPlaying();
    redraw();
    await started;
  }
  tellPlaying();
  redraw();
}

// To a time; sound goes on from there.
function go(time) {
  state.time = Math.min(Math.max(time, 0), state.clip.seconds - 1e-6);
  follow();
  if (state.playing) play();
  redraw();
}

const step = (count) => {
  if (state.playing) toggle();
  go(timeOf(Math.min(Math.max(frameAt(state.time) + count, 0), frames() - 1)));
};

function fillChoices() {
  const clip = state.clip, sounds = $("sound"), method = $("method"), bands = $("bands");
  sounds.replaceChildren(...clip.sounds.map((sound, index) => element("option", { value: index }, soundName(sound))));
  sounds.disabled = !clip.sounds.length;
  sounds.value = String(state.sound);
  method.replaceChildren(...clip.maps.map((maps, index) => element("option", { value: index }, maps.method)));
  method.value = String(state.method);
  $("methods").hidden = clip.maps.length < 2;
  for (const name of ["bands-row", "display-row", "gain-row", "opacity-row"]) $(name).hidden = !clip.maps.length;
  const all = methodNow()?.bands ?? [];
  const sets = [[t("off"), []], ...all.map((band, index) => [band.name, [index]])];
  if (all.length > 1) sets.push([`${all[0].name} + ${all[1].name}`, [0, 1]]);
  bands.replaceChildren(...sets.map(([name, value]) => {
    const input = element("input", { type: "radio", name: "band", value: value.join() });
    input.checked = value.join() === state.bands.join();
    return element("label", {}, input, element("span", {}, name));
  }));
  for (const input of document.querySelectorAll('[name="display"]')) {
    // Two maps have a colour each, and so no room for a sign.
    input.disabled = state.bands.length !== 1;
    input.checked = input.value === (state.bands.length === 2 ? "positive" : state.display);
  }
  $("zoom-selection").disabled = !state.selection;
  $("course-choice").hidden = !courseNow();
  $("gain-value").textContent = state.gain.toFixed(state.gain < 10 ? 1 : 0) + "×";
  $("opacity-value").textContent = Math.round(100 * state.opacity) + " %";
  $("regions").replaceChildren(...loaded.names.map((name) => {
    const shown = !state.hidden.has(name);
    const line = drawing("svg", { viewBox: "0 0 14 8", "aria-hidden": "true" }, drawing("line", { x1: 0, x2: 14, y1: 4, y2: 4, stroke: colourOf(name), "stroke-width": 3 }));
    const button = element("button", { type: "button", "aria-pressed": String(shown) }, line, named(name));
    button.addEventListener("click", () => {
      if (!state.hidden.delete(name)) state.hidden.add(name);
      changed();
    });
    return button;
  }));
  $("clips").replaceChildren(...(page.clips.length < 2 ? [] : page.clips).map((one) => {
    const button = element("button", { type: "button", title: one.video }, element("bdi", {}, one.name), " ", element("small", {}, one.seconds.toFixed(1) + " s"));
    if (one === clip) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => openClip(one));
    return button;
  }));
}

// Focus stays on what was used last, also where it was made anew.
function changed() {
  const focused = document.activeElement, group = focused?.name || focused?.closest("[role=group],nav")?.id;
  const place = focused?.parentElement ? [...focused.parentElement.children].indexOf(focused) : -1;
  fillChoices();
  if (focused?.name) document.querySelector(`[name="${focused.name}"]:checked`)?.focus();
  else if (group && place >= 0) $(group)?.children[place]?.focus();
  drawAll();
}

function translate() {
  document.documentElement.lang = state.language;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
  for (const one of document.querySelectorAll("[data-t-title]")) one.title = t(one.dataset.tTitle);
  $("timeline").setAttribute("aria-label", t("timeline"));
  writeMeasures($("measures"));
  writeOrigins($("origins"));
  tellPlaying();
  if (state.clip) changed();
}

async function openClip(clip) {
  pause();
  const regions = new Set([...(clip.outlines?.names ?? [])]);
  // Parts say more than the whole, and clear outlines more than all of them.
  const parts = regions.has("tongue_body");
  Object.assign(state, {
    clip, time: 0, sound: 0, method: 0, selection: null, from: 0, to: clip.seconds,
    hidden: new Set(["elsewhere", ...(parts ? ["tongue", "airway"] : [])]),
    bands: clip.maps.length ? [0] : [],
    display: clip.maps[0]?.kind === "hirescam" ? "signed" : "positive",
  });
  const pictures = await loadPictures(clip, redraw);
  state.time = timeOf(strongest(clip));
  const sheet = Math.floor(frameAt(state.time) / clip.columns ** 2);
  if (!loaded.sheets[sheet]) await loadSheet(clip, sheet);
  await loadTimeline(clip, soundNow(), redraw);
  changed();
  tellPlaying();
  drawNow();
  return pictures;
}

// The frame of the first band's largest value: where a clip is opened, because most frames have next to none.
function strongest(clip) {
  const band = clip.maps[0]?.bands[0], cells = band && loaded.cells.get(band);
  let best = 0;
  cells?.forEach((value, at) => { if (Math.abs(value) > Math.abs(cells[best])) best = at; });
  return band ? Math.floor(best / band.cells ** 2) : 0;
}

async function useSound(index) {
  state.sound = index;
  if (state.playing) play();
  await loadTimeline(state.clip, soundNow(), redraw);
  changed();
}

function useMethod(index) {
  state.method = index;
  state.bands = state.bands.filter((band) => band < methodNow().bands.length);
  state.display = methodNow().kind === "hirescam" ? "signed" : "positive";
  changed();
}

const choose = (name, use) => {
  document.addEventListener("change", (event) => { if (event.target.name === name) use(event.target.value); });
};
choose("band", (value) => { state.bands = value ? value.split(",").map(Number) : []; changed(); });
choose("display", (value) => { state.display = value; changed(); });
choose("course", (value) => { state.course = value; changed(); });
choose("speed", (value) => { state.speed = Number(value); if (state.playing) play(); });
choose("language", (value) => { state.language = value; translate(); });
choose("theme", (value) => { document.documentElement.dataset.theme = value; changed(); });
$("sound").addEventListener("change", (event) => useSound(Number(event.target.value)));
$("method").addEventListener("change", (event) => useMethod(Number(event.target.value)));
$("gain").addEventListener("input", (event) => { state.gain = 2 ** Number(event.target.value); changed(); });
$("opacity").addEventListener("input", (event) => { state.opacity = Number(event.target.value) / 100; changed(); });
$("show-formants").addEventListener("change", (event) => { state.formants = event.target.checked; redraw(); });
$("show-bands").addEventListener("change", (event) => { state.limits = event.target.checked; redraw(); });
$("play").addEventListener("click", toggle);
$("first").addEventListener("click", () => go(0));
$("back").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
$("zoom-in").addEventListener("click", () => { zoom(0.5); redraw(); });
$("zoom-out").addEventListener("click", () => { zoom(2); redraw(); });
$("zoom-all").addEventListener("click", () => { setView(0, state.clip.seconds); redraw(); });
$("zoom-selection").addEventListener("click", () => { if (state.selection) setView(...state.selection); redraw(); });
$("save").addEventListener("click", (event) => {
  const what = event.target.closest("[data-save]")?.dataset.save;
  if (what) saved[what]();
  if (what) $("save").open = false;
});
document.addEventListener("click", (event) => { if (!$("save").contains(event.target)) $("save").open = false; });
$("vowels").addEventListener("click", (event) => {
  const vowel = vowelUnder($("vowels"), event);
  if (vowel) go((vowel.start + vowel.end) / 2);
});

// A click goes to a time; a drag selects.
let pressed = null;
const timeUnder = (event) => {
  const box = $("timeline").getBoundingClientRect();
  return Math.min(Math.max(timeAt(event.clientX - box.left, box.width), 0), state.clip.seconds);
};
$("timeline").addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  pressed = { time: timeUnder(event), x: event.clientX, dragged: false };
  $("timeline").setPointerCapture(event.pointerId);
});
$("timeline").addEventListener("pointermove", (event) => {
  if (!pressed || (!pressed.dragged && Math.abs(event.clientX - pressed.x) < 5)) return;
  pressed.dragged = true;
  const other = timeUnder(event);
  state.selection = [Math.min(pressed.time, other), Math.max(pressed.time, other)];
  redraw();
});
$("timeline").addEventListener("pointerup", () => {
  if (!pressed) return;
  if (!pressed.dragged) state.selection = null;
  go(pressed.dragged ? state.selection[0] : pressed.time);
  pressed = null;
  changed();
});
$("timeline").addEventListener("pointercancel", () => { pressed = null; });
$("timeline").addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.shiftKey) return;
  event.preventDefault();
  if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8);
  else {
    const by = ((event.deltaY || event.deltaX) / 600) * (state.to - state.from);
    setView(state.from + by, state.to + by);
  }
  redraw();
}, { passive: false });

const keys = {
  " ": toggle,
  ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
  ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
  Home: () => go(0),
  End: () => go(timeOf(frames() - 1)),
  Escape: () => { state.selection = null; $("save").open = false; changed(); },
  b: () => {
    const sets = [...document.querySelectorAll('[name="band"]')], at = sets.findIndex((one) => one.checked);
    if (sets.length) { state.bands = sets[(at + 1) % sets.length].value.split(",").filter(Boolean).map(Number); changed(); }
  },
  s: () => { if (state.clip.sounds.length > 1) useSound((state.sound + 1) % state.clip.sounds.length); },
  "+": () => { zoom(0.5); redraw(); },
  "-": () => { zoom(2); redraw(); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.clip) return;
  const on = event.target.tagName, plain = !["INPUT", "SELECT", "BUTTON", "SUMMARY", "TEXTAREA"].includes(on);
  // Controls keep the keys that they answer themselves.
  const own = on === "INPUT" || on === "SELECT" ? event.key === " " || event.key.startsWith("Arrow") || ["Home", "End"].includes(event.key) : event.key === " ";
  const act = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!act || (!plain && own)) return;
  event.preventDefault();
  act(event);
});
// A control that was clicked gives the keys back.
document.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest(".viewer, .tools") && !event.target.closest("select, summary")) document.activeElement?.blur();
});

new ResizeObserver(() => { if (state.clip) drawAll(); }).observe(document.querySelector(".heard"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (state.clip) drawAll(); });

function fail(error) {
  const place = $("problem");
  place.textContent = `${t("failed")} ${error?.message ?? error}`;
  place.hidden = false;
  throw error;
}

readInks();
state.language = navigator.language?.startsWith("ja") ? "ja" : "en";
document.querySelector(`[name="language"][value="${state.language}"]`).checked = true;
translate();
const opened = openClip(page.clips[0]).then((pictures) => {
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
  return pictures;
}, fail);

// For measurements: the state, all pictures decoded, and a frame drawn at once.
window.rtmri = {
  state, player,
  loaded: () => opened.then((pictures) => pictures.others),
  show(frame) {
    state.time = timeOf(frame);
    drawNow();
    $("frame").getContext("2d").getImageData(0, 0, 1, 1);
  },
};
