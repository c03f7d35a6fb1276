import { formatDuration } from '@reprise/core';
import { endedItems, type TaskRow } from './task-rows.ts';
import { count, localTime, number, plain } from './text.ts';

/** `120/412 items, 16 running, 2 failed`, or nothing for a task without items. */
export function itemsText({ items }: Pick<TaskRow, 'items'>): string {
  if (items === undefined) return '';
  const parts = [`${number(endedItems(items))}/${count(items.total, 'item')}`];
  if (items.running > 0) parts.push(`${number(items.running)} running`);
  if (items.waiting > 0) parts.push(`${number(items.waiting)} waiting`);
  if (items.failed > 0) parts.push(`${number(items.failed)} failed`);
  if (items.dropped > 0) parts.push(`${number(items.dropped)} cancelled`);
  return parts.join(', ');
}

type Waits = Pick<TaskRow, 'signal' | 'wakeAt' | 'child' | 'form'>;

/** `for the signal go`: what a task that no agent performs waits for, or nothing. */
export function waitText({ signal, wakeAt, child, form }: Waits): string {
  if (signal !== undefined) return plain(`for the signal ${signal}`);
  if (form !== undefined) return plain(`for an answer of ${form.assignee ?? 'somebody'}`);
  if (wakeAt !== undefined) return `until ${localTime(wakeAt)}`;
  return child === undefined ? '' : plain(`for the child run ${child}`);
}

/** `round 2, begun again once, 3 failed attempts`: what it waits for, and what went other than straight. */
export function troubleText(row: TaskRow): string {
  const parts: string[] = [];
  const waits = waitText(row);
  if (waits !== '') parts.push(waits);
  if (row.byHand) parts.push('by hand');
  if (row.round > 1) parts.push(`round ${row.round}`);
  if (row.again > 0) parts.push(`begun again ${row.again === 1 ? 'once' : `${row.again} times`}`);
  if (row.failedAttempts > 0) parts.push(count(row.failedAttempts, 'failed attempt'));
  return parts.join(', ');
}

/** How long the task took, or has taken by `now`. */
export function tookText(row: Pick<TaskRow, 'startedAt' | 'endedAt'>, now: number): string {
  if (row.startedAt === undefined) return '';
  return formatDuration(Math.max(0, (row.endedAt ?? now) - row.startedAt));
}
