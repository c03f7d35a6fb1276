import type { FlameRect } from '../pure/flame.ts';
import { visible } from '../pure/text.ts';
import type { Scale } from '../pure/timeline.ts';
import { type Colours, clipped, toneOf } from './paint.ts';

export const FLAME_ROW = 22;
const HIGH = 19;

export interface FlameScene {
  readonly rects: readonly FlameRect[];
  readonly scale: Scale;
  /** Where the first pixel of the scale is, and how far down one looks. */
  readonly left: number;
  readonly top: number;
  readonly height: number;
  readonly selected: string | undefined;
  readonly focused: string | undefined;
  readonly hovered: string | undefined;
  readonly path: ReadonlySet<string>;
  readonly colours: Colours;
}

/** Draws what can be seen. */
export function drawFlame(context: CanvasRenderingContext2D, scene: FlameScene): void {
  const { scale, left, height, colours } = scene;
  for (const { from, to } of scale.folds) {
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.beginPath();
    for (let y = -20; y < height + 20; y += 6) {
      context.moveTo(left + from, y + (to - from));
      context.lineTo(left + to, y);
    }
    context.stroke();
  }
  for (const rect of scene.rects) drawRect(context, scene, rect);
}

function drawRect(context: CanvasRenderingContext2D, scene: FlameScene, rect: FlameRect): void {
  const { colours, left, top, scale, selected, path } = scene;
  const { node, parent } = { node: rect.box.node, parent: rect.box.parent?.node };
  const [x, y] = [left + Math.max(0, rect.x), rect.row * FLAME_ROW - top + 2];
  const width = Math.min(left + scale.width, left + rect.x + rect.width) - x;
  const many = rect.count > 1 || rect.box.crowd > 0;
  const tone = toneOf(rect.status);
  context.beginPath();
  context.roundRect(x, y, Math.max(1, width - 1), HIGH, width < 6 ? 0 : 3);
  if (many) {
    context.fillStyle = colours[tone ?? 'strong-line'];
    context.globalAlpha = 0.55;
    context.fill();
    context.globalAlpha = 1;
  } else if (node.kind === 'attempt') drawParts(context, scene, rect, y);
  else {
    context.fillStyle =
      node.kind === 'run' ? colours['accent-soft'] : tone === undefined ? colours.panel : colours[`${tone}-soft`];
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = tone === undefined ? colours['strong-line'] : colours[tone];
    context.globalAlpha = node.kind === 'block' || node.kind === 'run' ? 0.45 : 0.8;
    if (width > 3) context.stroke();
    context.globalAlpha = 1;
  }
  const isOn = selected !== undefined && (node.id === selected || (node.kind === 'attempt' && parent?.id === selected));
  if (isOn || node.id === scene.focused || node.id === scene.hovered) {
    context.beginPath();
    context.roundRect(x, y, Math.max(2, width - 1), HIGH, 3);
    context.strokeStyle = colours.accent;
    context.lineWidth = isOn || node.id === scene.focused ? 2 : 1;
    context.stroke();
  }
  if (node.kind === 'attempt' && path.has(node.id)) {
    context.fillStyle = colours.path;
    context.fillRect(x, y + HIGH - 2, Math.max(2, width - 1), 3);
  }
  if (width < 28 || many) return;
  const isSolid = node.kind === 'attempt' && tone !== undefined && node.parts.some(({ part }) => part === 'work');
  const begin = isSolid
    ? Math.max(x, left + scale.x(node.parts.find(({ part }) => part === 'work')?.from ?? node.from))
    : x;
  const room = x + width - begin - 12;
  if (room < 20) return;
  context.fillStyle = isSolid ? colours.bg : node.kind === 'attempt' ? colours.dim : colours.text;
  context.font = `${node.kind === 'attempt' ? '' : '600 '}11px system-ui, sans-serif`;
  context.fillText(clipped(context, visible(node.name), room), begin + 6, y + 13.5);
}

/** Queueing and connecting are thin, so that work is what one sees. */
function drawParts(
  context: CanvasRenderingContext2D,
  { colours, left, scale }: FlameScene,
  { box, status }: FlameRect,
  y: number,
): void {
  for (const { part, from, to } of box.node.parts) {
    const x = left + scale.x(from);
    const width = Math.max(part === 'work' ? 2 : 1, scale.x(to) - scale.x(from));
    if (part === 'queue' || part === 'connect') {
      context.fillStyle = part === 'queue' ? colours['strong-line'] : colours.wait;
      context.globalAlpha = part === 'queue' ? 0.6 : 1;
      context.fillRect(x, y + HIGH / 2 - 2, width, 4);
      context.globalAlpha = 1;
      continue;
    }
    context.beginPath();
    context.roundRect(x, y, Math.max(1, width - 1), HIGH, width < 6 ? 0 : 3);
    if (part === 'wait') {
      context.fillStyle = colours['wait-soft'];
      context.strokeStyle = status === 'failed' ? colours.bad : colours.wait;
      context.lineWidth = 1;
      context.fill();
      context.stroke();
    } else {
      context.fillStyle = colours[toneOf(status) ?? 'good'];
      context.fill();
    }
  }
}
