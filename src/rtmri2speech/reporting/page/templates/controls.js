// Controls: choices and their words, the mouse, and the keys.

/**
 * Radio buttons of one name.
 * @param {string} name
 */
const radios = (name) => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(`input[name="${name}"]`)]);

function fillChoices() {
  fillSounds();
  fillBands();
  fillWalls();
  $("zoom-selection").disabled = !state.selection;
  $("course-choice").hidden = !courseNow() || state.layer === "walls";
  $("areas-choice").hidden = !state.clip.outlines || state.layer === "walls";
  $("tract-choice").hidden = $("tube-choice").hidden = !state.clip.tract;
  $("show-tract").checked = state.tract;
  $("show-tube").checked = state.tube;
  $("gain-value").textContent = state.gain.toFixed(state.gain < 10 ? 1 : 0) + "×";
  $("opacity-value").textContent = Math.round(100 * state.opacity) + " %";
  const walls = state.layer === "walls" ? state.clip.widening?.articulators : null;
  $("regions").replaceChildren(...(walls ?? regionNamesOfMaps()).map(regionButton));
  $("clips").replaceChildren(...(page.clips.length < 2 ? [] : page.clips).map(clipButton));
}

function fillSounds() {
  const { sounds } = state.clip;
  $("sound").replaceChildren(...sounds.map((sound, index) => element("option", { value: index }, soundName(sound))));
  $("sound").disabled = !sounds.length;
  $("sound").value = String(state.sound);
}

function fillBands() {
  const { maps } = state.clip, all = methodNow()?.bands ?? [];
  $("method").replaceChildren(...maps.map((one, index) => element("option", { value: index }, one.method)));
  $("method").value = String(state.method);
  const walls = state.layer === "walls";
  $("methods").hidden = maps.length < 2 || !!state.clip.widening;
  for (const name of /** @type {const} */ (["bands-row", "display-row", "opacity-row"])) $(name).hidden = !maps.length || walls;
  $("gain-row").hidden = !maps.length && !walls;
  const sets = [{ name: t("off"), value: "" }, ...all.map((band, index) => ({ name: band.name, value: String(index) }))];
  if (all.length > 1) sets.push({ name: `${all[0].name} + ${all[1].name}`, value: "0,1" });
  $("bands").replaceChildren(...sets.map(({ name, value }) => {
    const input = element("input", { type: "radio", name: "band", value });
    input.checked = value === state.bands.join();
    return element("label", {}, input, element("span", {}, name));
  }));
  for (const input of radios("display")) {
    // Two maps have a color each, and so no room for a sign.
    input.disabled = state.bands.length !== 1;
    input.checked = input.value === (state.bands.length === 2 ? "positive" : state.display);
  }
}

/**
 * Radio buttons of a name, made anew: what each is worth, and what it says.
 * @param {HTMLElement} place
 * @param {string} name
 * @param {[string, string][]} choices
 * @param {string} chosen
 */
function fillRadios(place, name, choices, chosen) {
  place.replaceChildren(...choices.map(([value, text]) => {
    const input = element("input", { type: "radio", name, value });
    input.checked = value === chosen;
    return element("label", {}, input, element("span", {}, text));
  }));
}

function fillWalls() {
  const { widening, maps } = state.clip, walls = state.layer === "walls";
  $("layers-row").hidden = !widening || !maps.length;
  $("formants-row").hidden = !walls;
  $("answers-row").hidden = !walls || !widening || widening.formants[0].answers.length < 2;
  if (!widening) return;
  fillRadios($("layers"), "layer", [["walls", t("walls")], ...maps.map((one, index) => /** @type {[string, string]} */ ([String(index), one.method]))],
    walls ? "walls" : String(state.method));
  fillRadios($("moved"), "formant", widening.formants.map((one, index) => [String(index), one.name]), String(state.formant));
  fillRadios($("answers"), "answer", widening.formants[0].answers.map((one) => [one.kind, t("by_" + one.kind)]), state.answer);
}

// Those of walls alone have no outlines.
const regionNamesOfMaps = () => {
  const of = new Set([...(state.clip.outlines?.names ?? []), ...state.clip.maps.flatMap((maps) => maps.bands.flatMap((band) => band.course?.regions ?? []))]);
  return loaded.names.filter((name) => of.has(name));
};

/** @param {string} name */
function regionButton(name) {
  const shown = !state.hidden.has(name);
  const line = drawing("svg", { viewBox: "0 0 14 8", "aria-hidden": "true" }, drawing("line", { x1: 0, x2: 14, y1: 4, y2: 4, stroke: colorOf(name), "stroke-width": 3 }));
  const button = element("button", { type: "button", "aria-pressed": String(shown) }, line, named(name));
  button.addEventListener("click", () => {
    if (!state.hidden.delete(name)) state.hidden.add(name);
    changed();
  });
  return button;
}

/** @param {ClipData} clip */
function clipButton(clip) {
  const button = element("button", { type: "button", title: clip.video }, element("bdi", {}, clip.name), " ", element("small", {}, clip.seconds.toFixed(1) + " s"));
  if (clip === state.clip) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => openClip(clip));
  return button;
}

// Focus stays on what was used last, also where it was made anew.
function changed() {
  const focused = document.activeElement, group = focused?.closest("[role=group],nav");
  const radio = focused instanceof HTMLInputElement ? focused.name : "";
  const place = focused?.parentElement ? [...focused.parentElement.children].indexOf(focused) : -1;
  fillChoices();
  if (radio) radios(radio).find((one) => one.checked)?.focus();
  else if (group?.id && place >= 0) {
    const again = group.children[place];
    if (again instanceof HTMLElement) again.focus();
  }
  drawAll();
}

function translate() {
  document.documentElement.lang = state.language;
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-t], [data-t-label], [data-t-title]"))) {
    const { t: text, tLabel: label, tTitle: title } = one.dataset;
    if (text) one.textContent = t(text);
    if (label) one.setAttribute("aria-label", t(label));
    if (title) one.title = t(title);
  }
  $("timeline").setAttribute("aria-label", t("timeline"));
  writeMeasures($("measures"));
  writeOrigins($("origins"));
  showPlaying();
  if (state.clip) changed();
}

/**
 * @param {string} name
 * @param {(value: string) => void} use
 */
const choose = (name, use) => {
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === name) use(target.value);
  });
};
choose("band", (value) => { state.bands = value ? value.split(",").map(Number) : []; changed(); });
choose("layer", useLayer);
choose("formant", (value) => { state.formant = Number(value); changed(); });
choose("answer", (value) => { state.answer = value; changed(); });
choose("display", (value) => { state.display = value === "signed" ? "signed" : "positive"; changed(); });
choose("course", (value) => { state.course = value === "signed" ? "signed" : "share"; changed(); });
choose("speed", (value) => { state.speed = Number(value); if (state.playing) play(); });
choose("language", (value) => { state.language = value === "ja" ? "ja" : "en"; translate(); });
choose("theme", (value) => { document.documentElement.dataset.theme = value; changed(); });
$("sound").addEventListener("change", () => useSound(Number($("sound").value)));
$("method").addEventListener("change", () => useMethod(Number($("method").value)));
$("gain").addEventListener("input", () => { state.gain = 2 ** Number($("gain").value); changed(); });
$("opacity").addEventListener("input", () => { state.opacity = Number($("opacity").value) / 100; changed(); });
$("show-formants").addEventListener("change", () => { state.formants = $("show-formants").checked; redraw(); });
$("show-areas").addEventListener("change", () => { state.areas = $("show-areas").checked; redraw(); });
$("show-tract").addEventListener("change", () => { state.tract = $("show-tract").checked; redraw(); });
$("show-tube").addEventListener("change", () => { state.tube = $("show-tube").checked; redraw(); });
$("show-bands").addEventListener("change", () => { state.limits = $("show-bands").checked; redraw(); });
$("play").addEventListener("click", toggle);
$("first").addEventListener("click", () => go(0));
$("back").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
$("zoom-in").addEventListener("click", () => { zoom(0.5); redraw(); });
$("zoom-out").addEventListener("click", () => { zoom(2); redraw(); });
$("zoom-all").addEventListener("click", () => { setView(0, state.clip.seconds); redraw(); });
$("zoom-selection").addEventListener("click", () => { if (state.selection) setView(...state.selection); redraw(); });
$("save").addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-save]") : null;
  const what = button instanceof HTMLElement ? button.dataset.save : undefined;
  if (what) saved[what]();
  if (what) $("save").open = false;
});
document.addEventListener("click", ({ target }) => { if (!(target instanceof Node && $("save").contains(target))) $("save").open = false; });
$("vowels").addEventListener("click", (event) => {
  const vowel = vowelUnder($("vowels"), event);
  if (vowel) go((vowel.start + vowel.end) / 2);
});

$("frame").addEventListener("pointermove", (event) => {
  if (state.pinned || event.pointerType === "touch" || state.layer !== "walls") return;
  state.probe = pointUnder(event);
  redraw();
});
$("frame").addEventListener("pointerleave", () => {
  if (state.pinned || state.layer !== "walls") return;
  state.probe = null;
  redraw();
});
$("frame").addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || state.layer !== "walls") return;
  state.probe = pointUnder(event);
  state.pinned = state.probe !== null;
  redraw();
});

/** @type {{ time: number, x: number, dragged: boolean } | null} */
let pressed = null;
/**
 * The time under the mouse: a click goes there, a drag selects.
 * @param {MouseEvent} event
 */
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
  go(state.selection && pressed.dragged ? state.selection[0] : pressed.time);
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

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const keys = {
  " ": toggle,
  ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
  ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
  Home: () => go(0),
  End: () => go(timeOf(frameCount() - 1)),
  Escape: () => { state.selection = state.probe = null; state.pinned = false; $("save").open = false; changed(); },
  ArrowDown: (event) => { if (event.target === $("frame")) moveProbe(1); },
  ArrowUp: (event) => { if (event.target === $("frame")) moveProbe(-1); },
  m: () => {
    const sets = radios("layer"), at = sets.findIndex((one) => one.checked);
    if (!$("layers-row").hidden) useLayer(sets[(at + 1) % sets.length].value);
  },
  b: () => {
    if (state.layer === "walls") {
      state.formant = (state.formant + 1) % Math.max(radios("formant").length, 1);
      changed();
      return;
    }
    const sets = radios("band"), at = sets.findIndex((one) => one.checked);
    if (sets.length) { state.bands = sets[(at + 1) % sets.length].value.split(",").filter(Boolean).map(Number); changed(); }
  },
  s: () => { if (state.clip.sounds.length > 1) useSound((state.sound + 1) % state.clip.sounds.length); },
  "+": () => { zoom(0.5); redraw(); },
  "-": () => { zoom(2); redraw(); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.clip) return;
  const on = event.target instanceof Element ? event.target.tagName : "", plain = !["INPUT", "SELECT", "BUTTON", "SUMMARY", "TEXTAREA"].includes(on);
  // Controls keep the keys that they answer themselves.
  const own = on === "INPUT" || on === "SELECT" ? event.key === " " || event.key.startsWith("Arrow") || ["Home", "End"].includes(event.key) : event.key === " ";
  const act = keys[event.key] ?? keys[event.key.toLowerCase()];
  // Up and down scroll the page, but where they go along the walls.
  const scrolls = ["ArrowUp", "ArrowDown"].includes(event.key) && !(event.target === $("frame") && state.layer === "walls");
  if (!act || (!plain && own) || scrolls) return;
  event.preventDefault();
  act(event);
});
// A control that was clicked gives the keys back.
document.addEventListener("click", ({ detail, target }) => {
  const used = document.activeElement;
  if (detail > 0 && target instanceof Element && target.closest(".viewer, .tools") && !target.closest("select, summary") && used instanceof HTMLElement) used.blur();
});
