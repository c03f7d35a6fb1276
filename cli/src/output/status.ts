import type { RunStatus, TaskStatus } from '@reprise/core';
import type { Screen } from './terminal.ts';

type Look = readonly [symbol: string, ...style: Parameters<Screen['style']>[0][]];

const LOOKS: Readonly<Record<TaskStatus | RunStatus | 'held', Look>> = {
  none: ['·', 'dim'],
  forking: ['⑂', 'yellow'],
  pending: ['·', 'dim'],
  ready: ['○', 'blue'],
  scheduled: ['○', 'blue'],
  running: ['●', 'yellow'],
  waiting: ['↻', 'yellow'],
  paused: ['‖', 'magenta'],
  parked: ['⚠', 'red'],
  held: ['⚠', 'red'],
  completed: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['–', 'dim'],
  cancelled: ['⊘', 'dim'],
};

const lookOf = (status: string): Look => LOOKS[status as TaskStatus] ?? ['?', 'dim'];

/** `✔ completed`, coloured. */
export function statusText(screen: Screen, status: string): string {
  const [symbol, style = 'dim'] = lookOf(status);
  return screen.style(style, `${symbol} ${status}`);
}

export function statusSymbol(screen: Screen, status: string): string {
  const [symbol, style = 'dim'] = lookOf(status);
  return screen.style(style, symbol);
}

/** Colours any text as its status is coloured. */
export function asStatus(screen: Screen, status: string, text: string): string {
  const [, style = 'dim'] = lookOf(status);
  return screen.style(style, text);
}
