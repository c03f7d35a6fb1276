import { relative } from 'node:path';
import { formatDuration, systemClock } from '@reprise/core';
import type { DescribedError } from '../errors/describe-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime, number, plain } from '../output/text.ts';
import type { EndedRun, OpenRunsReport } from './messages.ts';

/** Files that one line names. */
const NAMED = 3;

/** What `reprise dev` says, in one line each; with --json, as an object each on stdout. */
export class DevOutput {
  readonly #terminal: Terminal;
  /** What was said last of code that cannot be loaded: it is not said twice. */
  #problem: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `event` and `data` for programs, `text` for people. */
  say(event: string, text: string, data: object = {}): void {
    const { out, err, json } = this.#terminal;
    const time = isoTime(systemClock.now());
    void (json ? out.json({ kind: 'dev', event, time, message: text, ...data }) : err.note(plain(text)));
  }

  loaded(
    what: string,
    ms: number,
    { workflows, agents }: { readonly workflows: number; readonly agents: number },
    files: readonly string[],
  ): void {
    this.#problem = undefined;
    const named = files.length === 0 ? '' : ` ${namesOf(files)}:`;
    const made = `${count(workflows, 'workflow')}, ${count(agents, 'agent')}`;
    this.say(what, `${what === 'reloaded' ? 'Reloaded' : 'Loaded'}${named} ${made}, in ${formatDuration(ms)}.`, {
      files: files.map(short),
      workflows,
      agents,
      durationMs: ms,
    });
  }

  /** Once for each problem, until something else becomes of the code. */
  problem(event: string, error: DescribedError, then: string): void {
    const key = `${error.code} ${error.message}`;
    const { out, err, json } = this.#terminal;
    if (this.#problem === key) {
      this.say('same-problem', `The same as before: ${error.code}. ${then}`, { code: error.code });
      return;
    }
    this.#problem = key;
    const { exit: _, ...said } = error;
    if (json) void out.json({ kind: 'dev', event, time: isoTime(systemClock.now()), message: then, error: said });
    else {
      const [first = '', ...more] = error.message.split('\n');
      void err.note(`${err.style(['red', 'bold'], `Error ${plain(error.code)}`)}: ${plain(first)}`);
      for (const line of more) void err.line(`  ${plain(line)}`);
      if (error.fix !== undefined) void err.line(`  ${err.style('bold', 'Fix')}: ${plain(error.fix)}`);
      void err.line(plain(then));
    }
  }

  ended({ runId, workflow, status, ms, why }: EndedRun): void {
    const { err, json } = this.#terminal;
    const because = why === undefined ? '' : `: ${why}`;
    const text = `${runId} ${workflow} ${status} in ${formatDuration(ms)}${because}`;
    if (json)
      return this.say('run-ended', text, {
        runId,
        workflow,
        status,
        durationMs: ms,
        ...(why === undefined ? {} : { why }),
      });
    const mark =
      status === 'completed' ? err.style('green', '✔') : err.style(status === 'failed' ? 'red' : 'yellow', '✖');
    void err.note(`${mark} ${plain(text)}`);
  }

  openRuns(report: OpenRunsReport): void {
    const { runs, more, asRecorded, stuck, stuckRuns } = report;
    if (runs === 0) return;
    const on = runs - stuckRuns;
    const recorded =
      asRecorded === 0 ? '' : ` (${number(asRecorded)} as recorded: what was changed there is for new runs, and forks)`;
    const goes = on === 0 ? [] : [`${number(on)} ${on === 1 ? 'goes' : 'go'} on${recorded}`];
    const held = stuckRuns === 0 ? [] : [`${number(stuckRuns)} ${stuckRuns === 1 ? 'does' : 'do'} not`];
    const newest = more ? 'Of the newest ' : '';
    this.say('open-runs', `${newest}${count(runs, 'open run')}: ${[...goes, ...held].join(', ')}.`, { ...report });
    if (this.#terminal.json) return;
    for (const { runId, workflow, why } of stuck)
      void this.#terminal.err.line(`  ${plain(`${runId} ${workflow}: ${why}`)}`);
    if (stuckRuns > 0) void this.#terminal.err.line('  `reprise workflow compat` says more of each.');
  }
}

export const short = (file: string): string => {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
};

/** The first few of them. */
export const namesOf = (files: readonly string[]): string =>
  files.length <= NAMED
    ? files.map(short).join(', ')
    : `${files.slice(0, NAMED).map(short).join(', ')} and ${number(files.length - NAMED)} more`;
