import { type CriticalPath, formatDuration } from '@reprise/core';
import { type Column, table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoTime, plain } from '../output/text.ts';

/** Links that are told, the longest ones; all of them are in the JSON. */
const TOLD = 30;

const COLUMNS: readonly Column[] = [
  { title: 'TASK', flexible: true },
  { title: 'AGENT', flexible: true },
  { title: 'SINCE START', align: 'right' },
  { title: 'TOOK', align: 'right' },
  { title: 'WORKING', align: 'right' },
  { title: 'WAITING', align: 'right' },
  { title: 'WAITED FOR' },
];

/** The critical path as lines: in the order of time, without the shortest links where there are many. */
export function criticalPathLines({ out }: Terminal, path: CriticalPath): readonly string[] {
  const { from, until, links, workingMs, waitingMs, restMs } = path;
  const head = [
    '',
    out.style('dim', 'What made it as long as it is'),
    `  ${formatDuration(until - from)}: ${formatDuration(workingMs)} working, ${formatDuration(waitingMs + restMs)} waiting, ${links.length === 1 ? '1 attempt' : `${links.length} attempts`} one after another`,
  ];
  if (links.length === 0) return head;
  const longest = new Set(links.toSorted((a, b) => b.until - b.from - (a.until - a.from)).slice(0, TOLD));
  const rows = links
    .filter((link) => longest.has(link))
    .map((link) => [
      plain(link.attempt > 1 ? `${link.taskId} (attempt ${link.attempt})` : link.taskId),
      plain(link.agent ?? ''),
      formatDuration(link.from - from),
      formatDuration(link.until - link.from),
      formatDuration(link.workingMs),
      formatDuration(link.waitingMs),
      waitedFor(link),
    ]);
  const left = links.length - rows.length;
  return [
    ...head,
    ...table(out, COLUMNS, rows).map((line) => `  ${line}`),
    ...(left > 0 ? [out.style('dim', `  and ${left} shorter ones; --json has all`)] : []),
  ];
}

const waitedFor = ({ parts }: CriticalPath['links'][number]): string =>
  parts
    .filter(({ part }) => part !== 'working')
    .map(({ part, from, until }) => `${part} ${formatDuration(until - from)}`)
    .join(', ');

/** The critical path as JSON: times as ISO 8601, durations in ms. */
export const criticalPathShape = ({ from, until, links, ...sums }: CriticalPath): object => ({
  from: isoTime(from),
  until: isoTime(until),
  ...sums,
  links: links.map(({ taskId, attempt, agent = null, parts, workingMs, waitingMs, ...link }) => ({
    taskId,
    attempt,
    agent,
    from: isoTime(link.from),
    until: isoTime(link.until),
    workingMs,
    waitingMs,
    parts: parts.map((one) => ({ part: one.part, ms: one.until - one.from })),
  })),
});
