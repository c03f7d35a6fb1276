import { type Orchestrator, runsWhere, sleep, systemClock, withoutMailboxes } from '@reprise/core';
import type { LogFormat, LogLevel } from '@reprise/monitor-log';
import type { Project } from '../config/load-project.ts';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { type Opened, openProject } from '../drive/open-project.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { COUNTED, Idleness } from './idleness.ts';

export interface WorkerFlags extends Whereabouts {
  readonly log: LogLevel;
  readonly 'log-format'?: LogFormat;
  readonly 'until-idle'?: boolean;
}

const LOOK_MS = 250;
/**
 * Drives the open runs of the store, and every one that is started while it lives, until it is told to stop: by the first
 * signal (drain), the second (at once), or, with --until-idle, when nothing is left that could move. Returns the exit code.
 */
export async function startWorker(flags: WorkerFlags, terminal: Terminal): Promise<number> {
  const { logMonitor } = await import('@reprise/monitor-log');
  const opened = await openProject(
    flags,
    flags.log === 'silent' ? [] : [logMonitor({ level: flags.log, format: flags['log-format'] ?? 'auto' })],
  );
  const { orchestrator, access, project } = opened;
  const { err } = terminal;
  const say = (text: string): Promise<void> => report(terminal, orchestrator, text);
  const stopped = Promise.withResolvers<InterruptSignal>();
  const ignore = onInterrupt((signal, times) => {
    const waiting =
      orchestrator.running === 0 ? '' : ` Waiting for ${count(orchestrator.running, 'attempt')} under way.`;
    const stop = async (): Promise<void> => {
      await err.note(times === 1 ? `Stopping.${waiting} Ctrl-C again stops at once.` : 'Stopping at once.');
      await (times === 1 ? orchestrator.stop() : Promise.race([orchestrator.stop({ drainMs: 0 }), sleep(LOOK_MS)]));
    };
    stop().then(() => stopped.resolve(signal), stopped.reject);
  });
  try {
    const role = await orchestrator.start();
    await say(
      `${role === 'driver' ? 'Driving' : 'Another process drives; waiting to take over'}: ${project.file}, store ${access.where}`,
    );
    const watching = watch(opened, role, flags['until-idle'] === true, say);
    // When a signal wins, the store may be closed under it.
    watching.catch(() => undefined);
    const ended = await Promise.race([watching, stopped.promise]);
    return typeof ended === 'string' ? exitCodeOfSignal(ended) : 0;
  } finally {
    await Promise.race([orchestrator.stop(), stopped.promise]);
    ignore();
  }
}

/** Says when this process takes over; resolves when there is nothing left to do and that was asked for. */
async function watch(
  opened: Opened & { readonly project: Project },
  first: string,
  untilIdle: boolean,
  say: (text: string) => Promise<void>,
): Promise<void> {
  const { orchestrator } = opened;
  const idleness = new Idleness(opened);
  let role = first;
  for (;;) {
    await sleep(LOOK_MS);
    if (orchestrator.fault !== undefined) throw orchestrator.fault;
    if (orchestrator.role !== role) {
      role = orchestrator.role;
      if (role === 'driver') await say('The other process has ended. Driving.');
    }
    if (!untilIdle || role !== 'driver' || orchestrator.running > 0) continue;
    const idle = await idleness.look();
    if (idle !== undefined) return say(idle);
  }
}

async function report({ out, err, json }: Terminal, orchestrator: Orchestrator, text: string): Promise<void> {
  const open = await orchestrator.runs.list({
    where: withoutMailboxes(runsWhere('status', ['running'])),
    limit: COUNTED,
  });
  if (!json) return err.line(`${text} (${count(open.length, 'open run')}${open.length === COUNTED ? ' or more' : ''})`);
  return out.json({
    kind: 'worker',
    time: isoTime(systemClock.now()),
    role: orchestrator.role,
    openRuns: open.length,
    message: text,
  });
}
