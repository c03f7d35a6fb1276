import { isAlong, type OnPath } from '../pure/critical.ts';
import type { DrawNode } from '../pure/graph.ts';
import type { Box } from '../pure/layout.ts';
import { visible } from '../pure/text.ts';
import type { LaidOut } from './layout-worker.ts';

/** Where one looks from: pixels of the left upper corner of the graph, and how large it is. */
export interface Eye {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const NAMES = [
  'bg',
  'panel',
  'line',
  'strong-line',
  'text',
  'dim',
  'accent',
  'accent-soft',
  'good',
  'good-soft',
  'bad',
  'bad-soft',
  'wait',
  'wait-soft',
  'path',
] as const;
export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

/** The colours of the theme, as a canvas takes them. */
export function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement('span');
  element.parentElement?.append(probe);
  const found = NAMES.map((name): [string, string] => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found) as Colours;
}

/** Tells the colours of the theme now, and whenever it changes. Returns what ends that. */
export function watchColours(element: HTMLElement, tell: (colours: Colours) => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  const told = (): void => tell(coloursOf(element));
  told();
  media.addEventListener('change', told);
  const watch = new MutationObserver(told);
  watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    media.removeEventListener('change', told);
    watch.disconnect();
  };
}

type Tone = 'good' | 'bad' | 'wait' | 'accent' | undefined;

const TONES: Readonly<Record<string, Tone>> = {
  completed: 'good',
  failed: 'bad',
  lost: 'bad',
  waiting: 'wait',
  running: 'accent',
  scheduled: 'accent',
  ready: 'accent',
};

export const toneOf = (status: string): Tone => TONES[status];

export interface Scene {
  readonly laid: LaidOut;
  /** How tasks are now. */
  readonly looks: ReadonlyMap<string, NodeNow>;
  readonly eye: Eye;
  readonly width: number;
  readonly height: number;
  readonly selected: string | undefined;
  readonly hovered: string | undefined;
  readonly focused: string | undefined;
  /** Tasks on the critical path, in its order. */
  readonly path: ReadonlyMap<string, OnPath>;
  readonly colours: Colours;
}

interface NodeNow {
  readonly look: string;
  readonly work: string;
  readonly attempt: number;
  readonly round: number;
  readonly added: boolean;
  readonly items?: { readonly total: number; readonly ended: number };
}

/** Draws what can be seen. Below a size that can be read, boxes alone. */
export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { laid, eye, width, height, colours } = scene;
  context.clearRect(0, 0, width, height);
  context.save();
  context.translate(eye.x, eye.y);
  context.scale(eye.scale, eye.scale);
  const seen: Box = {
    x: -eye.x / eye.scale,
    y: -eye.y / eye.scale,
    width: width / eye.scale,
    height: height / eye.scale,
  };
  for (const node of laid.graph.nodes) if (node.frame) drawFrame(context, scene, node, seen);
  context.lineWidth = Math.max(1, 1 / eye.scale);
  for (const { edge, points } of laid.layout.lines) {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) continue;
    if (Math.max(first[0], last[0]) < seen.x || Math.min(first[0], last[0]) > seen.x + seen.width) continue;
    const isNear = scene.selected !== undefined && (edge.from === scene.selected || edge.to === scene.selected);
    const isCritical = isAlong(scene.path, edge.from, edge.to);
    context.strokeStyle = isCritical ? colours.path : isNear ? colours.accent : colours['strong-line'];
    context.globalAlpha = isNear || isCritical ? 1 : 0.55;
    context.lineWidth = (isCritical ? 2.5 : 1) * Math.max(1, 1 / eye.scale);
    context.setLineDash(edge.kind === 'after' || edge.kind === 'added' || edge.kind === 'fell' ? [] : [4, 4]);
    drawLine(context, points);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  for (const node of laid.graph.nodes) if (!node.frame) drawNode(context, scene, node, seen);
  context.restore();
}

const apart = (box: Box, seen: Box): boolean =>
  box.x > seen.x + seen.width ||
  box.x + box.width < seen.x ||
  box.y > seen.y + seen.height ||
  box.y + box.height < seen.y;

function drawLine(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [at, [x, y]] of points.entries()) {
    const before = points[at - 1];
    if (before === undefined) context.moveTo(x, y);
    else if (before[1] === y) context.lineTo(x, y);
    else {
      const middle = (before[0] + x) / 2;
      context.bezierCurveTo(middle, before[1], middle, y, x, y);
    }
  }
  context.stroke();
}

function drawFrame(context: CanvasRenderingContext2D, scene: Scene, node: DrawNode, seen: Box): void {
  const box = scene.laid.layout.boxes.get(node.id);
  if (box === undefined || apart(box, seen)) return;
  const { colours, looks, selected, hovered, focused, eye } = scene;
  const tone = TONES[looks.get(node.id)?.look ?? node.look];
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 10);
  context.fillStyle = colours.bg;
  context.fill();
  context.lineWidth = selected === node.id || focused === node.id ? 2 : 1;
  context.strokeStyle =
    selected === node.id || focused === node.id || hovered === node.id
      ? colours.accent
      : tone === undefined
        ? colours.line
        : colours[tone];
  context.stroke();
  if (eye.scale < 0.4) return;
  context.fillStyle = colours.dim;
  context.font = '600 11px system-ui, sans-serif';
  context.fillText(clipped(context, visible(nameOf(node.id)), box.width - 28), box.x + 14, box.y + 18);
}

function drawNode(context: CanvasRenderingContext2D, scene: Scene, node: DrawNode, seen: Box): void {
  const box = scene.laid.layout.boxes.get(node.id);
  if (box === undefined || apart(box, seen)) return;
  const { colours, looks, selected, hovered, focused, eye } = scene;
  const now = looks.get(node.id);
  const look = node.members === undefined ? (now?.look ?? node.look) : node.look;
  const tone = TONES[look];
  const isOn = selected === node.id || focused === node.id;
  if (node.members !== undefined) {
    context.strokeStyle = colours.line;
    context.fillStyle = colours.panel;
    for (const off of [6, 3]) {
      context.beginPath();
      context.roundRect(box.x + off, box.y + off, box.width - 6, box.height - 6, 7);
      context.fill();
      context.stroke();
    }
  }
  const [wide, high] = node.members === undefined ? [box.width, box.height] : [box.width - 6, box.height - 6];
  context.beginPath();
  context.roundRect(box.x, box.y, wide, high, 7);
  context.fillStyle = tone === undefined || tone === 'good' ? colours.panel : colours[`${tone}-soft`];
  context.fill();
  context.lineWidth = isOn ? 2 : 1;
  context.strokeStyle =
    isOn || hovered === node.id ? colours.accent : tone === undefined || tone === 'good' ? colours.line : colours[tone];
  if (look === 'pending' || look === 'skipped') {
    context.setLineDash([4, 3]);
    if (!isOn && hovered !== node.id) context.strokeStyle = colours['strong-line'];
  }
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  context.roundRect(box.x, box.y, 4, high, [7, 0, 0, 7]);
  context.fillStyle = tone === undefined ? colours['strong-line'] : colours[tone];
  context.fill();
  if (scene.path.has(node.id)) {
    context.beginPath();
    context.roundRect(box.x - 2.5, box.y - 2.5, wide + 5, high + 5, 9);
    context.lineWidth = 2;
    context.strokeStyle = colours.path;
    context.stroke();
  }
  if (eye.scale < 0.4) return;
  const told =
    node.members === undefined
      ? visible(nameOf(node.id))
      : `${node.members.length} tasks like ${visible(nameOf(node.members[0] ?? ''))}`;
  context.fillStyle = look === 'pending' || look === 'skipped' ? colours.dim : colours.text;
  context.font = '600 12px system-ui, sans-serif';
  const count = countOf(now);
  context.fillText(
    clipped(context, told, wide - 24 - (count === '' ? 0 : 40)),
    box.x + 13,
    box.y + (high > 36 ? 17 : 15),
  );
  context.fillStyle = colours.dim;
  context.font = '11px system-ui, sans-serif';
  const below =
    node.members === undefined
      ? visible(now?.work ?? node.work)
      : [...(node.looks ?? [])].map(([name, number]) => `${number} ${name}`).join(' · ');
  context.fillText(
    clipped(context, below === nameOf(node.id) ? look : below, wide - 24),
    box.x + 13,
    box.y + (high > 36 ? 32 : 28),
  );
  if (count === '' || node.members !== undefined) return;
  context.textAlign = 'right';
  context.fillText(count, box.x + wide - 10, box.y + 17);
  context.textAlign = 'left';
}

const countOf = (now: NodeNow | undefined): string => {
  if (now?.items !== undefined) return `${now.items.ended}/${now.items.total}`;
  return now !== undefined && now.attempt > 1 ? `×${now.attempt}` : '';
};

const nameOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

export function clipped(context: CanvasRenderingContext2D, text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ').slice(0, 80);
  if (context.measureText(line).width <= width) return line;
  let [low, high] = [0, line.length];
  while (low < high) {
    const half = (low + high + 1) >> 1;
    if (context.measureText(`${line.slice(0, half)}…`).width <= width) low = half;
    else high = half - 1;
  }
  return `${line.slice(0, low)}…`;
}

/** The node at a place of the canvas: the innermost. */
export function hit({ graph, layout }: LaidOut, eye: Eye, x: number, y: number): string | undefined {
  const [px, py] = [(x - eye.x) / eye.scale, (y - eye.y) / eye.scale];
  let found: DrawNode | undefined;
  for (const node of graph.nodes) {
    const box = layout.boxes.get(node.id);
    if (box === undefined || px < box.x || py < box.y || px > box.x + box.width || py > box.y + box.height) continue;
    if (found === undefined || !node.frame || found.frame) found = node;
  }
  return found?.id;
}
