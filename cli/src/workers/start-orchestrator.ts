import { type Orchestrator, runsWhere, sleep, systemClock, withoutMailboxes } from '@reprise/core';
import type { Project } from '../config/load-project.ts';
import { exitCodeOfSignal } from '../drive/interrupts.ts';
import { type Opened, openProject } from '../drive/open-project.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, isoTime } from '../output/text.ts';
import { type HealthFlags, openProbes } from '../probes/open-probes.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { COUNTED, Idleness } from './idleness.ts';
import { type LogFlags, logPlugins } from './log-plugins.ts';
import { stopBySignal } from './stop-by-signal.ts';

export interface OrchestratorFlags extends Whereabouts, LogFlags, HealthFlags {
  readonly 'until-idle'?: boolean;
  /** Run the project's agents here, too, although workers elsewhere could. */
  readonly agents?: boolean;
}

const LOOK_MS = 250;
/** After how long without anything under way it is said what is waited for, in ms. */
const TELL_MS = 3000;

/**
 * Drives the open runs of the store, and every one that is started while it lives, until it is told to stop: by the first
 * signal (drain), the second (at once), or, with --until-idle, when nothing is left that could move. Returns the exit code.
 */
export async function startOrchestrator(
  flags: OrchestratorFlags,
  terminal: Terminal,
  loaded?: Project,
): Promise<number> {
  const opened = await openProject(flags, await logPlugins(flags), loaded);
  const { orchestrator, access, project } = opened;
  const { err } = terminal;
  const say = (text: string): Promise<void> => report(terminal, orchestrator, text);
  const probes = await openProbes(flags, {
    health: () => orchestrator.health(),
    fault: () => orchestrator.fault?.message,
  });
  const { stopped, ignore } = stopBySignal(
    orchestrator,
    (text) => err.note(text),
    () => probes.drain(),
  );
  try {
    if (probes.url !== undefined) await err.note(`Probes: ${probes.url}/livez and /readyz`);
    const agents = flags.agents === true || !orchestrator.spans;
    const role = await orchestrator.start({ agents });
    await probes.started();
    const elsewhere = agents ? '' : ', agents at workers';
    await say(
      `${role === 'driver' ? 'Driving' : 'Another process drives; waiting to take over'}: ${project.file}, store ${access.where}${elsewhere}`,
    );
    const watching = watch(opened, role, flags['until-idle'] === true, say);
    // When a signal wins, the store may be closed under it.
    watching.catch(() => undefined);
    const ended = await Promise.race([watching, stopped]);
    return typeof ended === 'string' ? exitCodeOfSignal(ended) : 0;
  } finally {
    probes.drain();
    await Promise.race([orchestrator.stop(), stopped]);
    await probes.close();
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
  let quietSince: number | undefined;
  let told: string | undefined;
  for (;;) {
    await sleep(LOOK_MS);
    if (orchestrator.fault !== undefined) throw orchestrator.fault;
    if (orchestrator.role !== role) {
      role = orchestrator.role;
      if (role === 'driver') await say('The other process has ended. Driving.');
    }
    if (!untilIdle || role !== 'driver' || orchestrator.running > 0) {
      quietSince = undefined;
      continue;
    }
    const idle = await idleness.look();
    if (idle.isIdle) return say(idle.text);
    // Only time moves what is left: whoever waits for the end of this process should know.
    quietSince ??= systemClock.now();
    if (idle.text === told || systemClock.now() - quietSince < TELL_MS) continue;
    told = idle.text;
    await say(told);
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
