// What the page's scripts share. The description of the page mirrors reporting/page/data.py (a test compares the two).

/** Number of a binary part of the page. */
type Chunk = number;
type SoundKind = "original" | "generated" | "masked";

interface PageData {
  title: string;
  program: string;
  colors: Chunk;
  highest: number;
  clips: ClipData[];
  measures: MeasureTable[];
  origins: Origin[];
}

interface ClipData {
  name: string;
  video: string;
  frames: number;
  rate: number;
  seconds: number;
  size: number;
  columns: number;
  sheets: Chunk[];
  maps: MapsData[];
  outlines: OutlinesData | null;
  tract: TractData | null;
  widening: WideningData | null;
  tiers: TierData[];
  sounds: SoundData[];
}

interface MapsData {
  method: string;
  kind: string;
  target: string;
  bands: BandData[];
}

interface BandData {
  name: string;
  low: number;
  high: number;
  scale: number;
  unit: string;
  cells: number;
  step: number;
  data: Chunk;
  course: CourseData | null;
}

interface CourseData {
  regions: string[];
  share: number[][];
  signed: number[][];
}

interface OutlinesData {
  names: string[];
  moving: boolean;
  data: Chunk;
  doubtful: number[];
}

interface TractData {
  sections: number;
  contours: string[];
  colors: string[];
  points: number;
  unknown: number;
  per_cm: number;
  per_pixel: number;
  length: number;
  area: number;
  f1: [number, number];
  f2: [number, number];
  doubtful: number[];
  data: Chunk;
}

interface WideningData {
  contours: string[];
  articulators: string[];
  points: number;
  unknown: number;
  per_pixel: number;
  unit: string;
  places: Chunk;
  owners: Chunk;
  formants: MovedFormantData[];
}

interface MovedFormantData {
  name: string;
  hz: (number | null)[];
  answers: AnswerData[];
}

interface AnswerData {
  kind: string;
  scale: number;
  wall_scale: number;
  step: number;
  wall_step: number;
  data: Chunk;
  walls: Chunk;
}

interface TierData {
  name: string;
  entries: [number, number, string][];
}

interface SoundData {
  kind: SoundKind;
  label: string;
  rate: number;
  seconds: number;
  data: Chunk;
  spectrogram: SpectrogramData;
  tracks: TracksData | null;
  vowels: VowelData[];
}

interface SpectrogramData {
  data: Chunk;
  start: number;
  end: number;
}

interface TracksData {
  start: number;
  step: number;
  ceiling: number;
  f0: (number | null)[];
  formants: (number | null)[][];
}

interface VowelData {
  label: string;
  start: number;
  end: number;
  f1: number;
  f2: number;
}

interface MeasureTable {
  group: string;
  n: number | null;
  speakers: string[];
  rows: MeasureRow[];
  of: EvaluationSource;
}

interface MeasureRow {
  name: string;
  better: "high" | "low";
  model: number;
  low: number | null;
  high: number | null;
  ceiling: number | null;
  floor: number | null;
  meaning: string;
}

interface EvaluationSource {
  file: string;
  sha256: string;
  place: string;
}

interface Origin {
  title: string;
  of: string;
  rows: [string, string][];
}

// The elements of page.html that scripts name (a test compares the two).
interface PageElements {
  page: HTMLScriptElement;
  strings: HTMLScriptElement;
  problem: HTMLElement;
  clips: HTMLElement;
  save: HTMLDetailsElement;
  frame: HTMLCanvasElement;
  where: HTMLOutputElement;
  said: HTMLOutputElement;
  key: HTMLCanvasElement;
  told: HTMLOutputElement;
  first: HTMLButtonElement;
  back: HTMLButtonElement;
  play: HTMLButtonElement;
  next: HTMLButtonElement;
  sound: HTMLSelectElement;
  "layers-row": HTMLElement;
  "layers-name": HTMLElement;
  layers: HTMLElement;
  "formants-row": HTMLElement;
  "moved-name": HTMLElement;
  moved: HTMLElement;
  "answers-row": HTMLElement;
  "answers-name": HTMLElement;
  answers: HTMLElement;
  methods: HTMLElement;
  method: HTMLSelectElement;
  bands: HTMLElement;
  "bands-row": HTMLElement;
  "bands-name": HTMLElement;
  "display-row": HTMLElement;
  "display-name": HTMLElement;
  "gain-row": HTMLElement;
  gain: HTMLInputElement;
  "gain-value": HTMLOutputElement;
  "opacity-row": HTMLElement;
  opacity: HTMLInputElement;
  "opacity-value": HTMLOutputElement;
  "zoom-in": HTMLButtonElement;
  "zoom-out": HTMLButtonElement;
  "zoom-all": HTMLButtonElement;
  "zoom-selection": HTMLButtonElement;
  "show-formants": HTMLInputElement;
  "areas-choice": HTMLElement;
  "show-areas": HTMLInputElement;
  "tract-choice": HTMLElement;
  "show-tract": HTMLInputElement;
  "tube-choice": HTMLElement;
  "show-tube": HTMLInputElement;
  "wall-panel": HTMLElement;
  "wall-bars": HTMLCanvasElement;
  "tract-panel": HTMLElement;
  "tract-area": HTMLCanvasElement;
  "tract-plane": HTMLCanvasElement;
  "show-bands": HTMLInputElement;
  timeline: HTMLCanvasElement;
  selection: HTMLElement;
  span: HTMLElement;
  cursor: HTMLElement;
  regions: HTMLElement;
  "course-choice": HTMLElement;
  "vowel-card": HTMLElement;
  vowels: HTMLCanvasElement;
  "vowel-note": HTMLElement;
  "origin-card": HTMLElement;
  origins: HTMLElement;
  "measure-card": HTMLElement;
  measures: HTMLElement;
  "help-card": HTMLElement;
}

type Language = "en" | "ja";
type Words = Record<string, string> & { names: Record<string, string> };

/** Start and end, in seconds or in pixels. */
type Span = [number, number];

/** What is shown. */
interface State {
  /** Set before anything is drawn. */
  clip: ClipData;
  time: number;
  playing: boolean;
  speed: number;
  /** Index of the clip's sound. */
  sound: number;
  language: Language;
  /** Index of the clip's maps, and of their bands that are shown: none, one, or two. */
  method: number;
  bands: number[];
  display: "signed" | "positive";
  gain: number;
  opacity: number;
  /** Names of the regions that are not shown. */
  hidden: Set<string>;
  areas: boolean;
  /** Whether contours and midline lie over the frame, and the tube's formants over the spectrogram. */
  tract: boolean;
  tube: boolean;
  /** What lies over the frame: walls in color, or the maps of a method. */
  layer: "walls" | "maps";
  /** Index of the formant that walls move, whose answer is shown, and the point that is asked for. */
  formant: number;
  answer: string;
  probe: number | null;
  /** Whether that point stays when the mouse goes. */
  pinned: boolean;
  /** The part of the clip that the timeline shows, seconds. */
  from: number;
  to: number;
  selection: Span | null;
  course: "share" | "signed";
  formants: boolean;
  limits: boolean;
}

/** Colors of the style sheet, by the names of its variables. */
type Inks = Record<string, string>;

/** What of the clip is decoded. */
interface Loaded {
  sheets: (ImageBitmap | null)[];
  cells: Map<BandData, Int16Array>;
  outlines: Path2D[][] | null;
  tract: LoadedTract | null;
  widening: LoadedWidening | null;
  /** Regions in the order of their colors. */
  names: string[];
  clip: ClipData | null;
}

/** Canvases on which a frame is put together. */
interface Workbench {
  size: number;
  image: ImageData;
  pixels: Uint32Array;
  shades: [Uint8Array, Uint8Array];
  maps: HTMLCanvasElement;
  whole: HTMLCanvasElement;
  onMaps: CanvasRenderingContext2D;
  onWhole: CanvasRenderingContext2D;
}

/** Bilinear interpolation from cells to pixels. */
interface Grid {
  low: Uint16Array;
  high: Uint16Array;
  part: Float32Array;
  rows: Float32Array;
}

/** Sound that plays, and the clock that frames follow. */
interface Player {
  context: AudioContext | null;
  source: AudioBufferSourceNode | null;
  begun: number;
  from: number;
  until: number;
  clock: (() => number) | null;
  decoded: Map<SoundData, Promise<AudioBuffer>>;
  slowed: Map<string, AudioBuffer>;
}

/** A row of the timeline. */
interface Lane {
  kind: "wave" | "spectrogram" | "pitch" | "tier" | "course" | "axis";
  top: number;
  height: number;
  tier?: TierData;
}

/** A lane with what its painters use. */
interface LaneBox extends Lane {
  left: number;
  wide: number;
  width: number;
  inside: (paint: () => void) => void;
  border: () => void;
  side: (text: string, y?: number, color?: string) => void;
  title: (text: string) => void;
  axis: (low: number, high: number, apart?: number) => void;
}

/** A sheet of a spectrogram on light and on dark ground. */
interface Tinted {
  light: HTMLCanvasElement;
  dark: HTMLCanvasElement;
}

/** Numbers of a tract, one frame after the other, and where they start within a frame's. */
interface LoadedTract {
  tract: TractData;
  numbers: Uint16Array;
  /** 1 where the tract is nowhere closed, and its formants are known and to be trusted. */
  open: Uint8Array;
  areas: number;
  formants: number;
  midline: number;
  lines: number;
  all: number;
}

/** Numbers of a widening, one frame after the other: `all` points per frame. */
interface LoadedWidening {
  widening: WideningData;
  frames: number;
  places: Int16Array;
  owners: Int8Array;
  answers: Map<AnswerData, { points: Int16Array; walls: Int16Array }>;
  all: number;
  /** Articulators over time, of the formant and answer of a key. */
  course?: { key: string; lines: (number | null)[][] };
}

/** Axes within a canvas: where they lie, and pixels of values. */
interface Axes {
  left: number;
  top: number;
  wide: number;
  tall: number;
  x: (value: number) => number;
  y: (value: number) => number;
}

interface Window {
  /** For measurements and tests. */
  rtmri: {
    state: State;
    player: Player;
    loaded: () => Promise<void>;
    show: (frame: number) => void;
  };
}
