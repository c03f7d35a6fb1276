import type { WorkflowDefinition } from '../../../../src/definition/definition.ts';
import { hasEnded } from '../../../../src/orchestration/workflow/state.ts';
import { flawsOf, importFlaws, rulesKept, watcher } from './checks.ts';
import { type Script, World } from './world.ts';

const WELL: Script = { name: 'all goes well', signals: true, deed: () => 'complete' };

const HELPERS: ReadonlySet<string> = new Set(['undo', 'before', 'left', 'right', 'third']);

const NONE: Script = {
  name: 'all fail for good',
  signals: true,
  deed: ({ agent }) => (agent === 'undo' ? 'complete' : 'fail'),
};

const SCRIPTS: readonly Script[] = [
  { ...NONE, name: 'all fail for good, and every command comes twice', twice: true },
  { ...WELL, name: 'all goes well, and every command comes twice', twice: true },
  NONE,
  {
    name: 'each fails once',
    signals: true,
    deed: ({ nth, agent }) => (nth === 1 && agent !== 'undo' ? 'fail' : 'complete'),
  },
  {
    name: 'each is lost once, and does not hear that it is to stop',
    signals: true,
    deaf: true,
    deed: ({ nth }) => (nth === 1 ? 'lose' : 'complete'),
  },
  {
    name: 'nobody answers, and no signal comes',
    signals: false,
    deed: ({ agent }) => (HELPERS.has(agent) ? 'complete' : 'hang'),
  },
];

const failing = (...names: readonly string[]): Script => ({
  name: `${names.join(' and ')} fail for good`,
  signals: true,
  deed: ({ agent }) => (names.includes(agent) ? 'fail' : 'complete'),
});

const PAUSE_MS = 3_600_000;

/** One way through a workflow; `flaws` says what is wrong on it. */
export interface Path {
  readonly name: string;
  flaws(): readonly string[];
}

/**
 * All goes well, which is the first path; then each other one: agents fail, are lost, are silent; the same in processes that are started anew after
 * every turn; the run is cancelled, and paused for an hour, after every turn.
 */
export function pathsOf(definition: WorkflowDefinition): readonly Path[] {
  let turns = 0;
  const world = new World(definition, WELL).start();
  world.run(() => {
    turns += 1;
  });
  const agents = [...new Set(world.calls.map(({ agent }) => agent))];
  const undoes = JSON.stringify(definition).includes('"compensate"');
  const scripts = [...SCRIPTS, ...agents.map((agent) => failing(agent)), ...(undoes ? [failing('last', 'undo')] : [])];
  return [
    ...[WELL, ...scripts].map((script) => played(definition, script)),
    ...[WELL, ...scripts].map((script) => restarted(definition, script)),
    ...[WELL, NONE, failing('last')].flatMap((script) => interrupted(definition, script, turns)),
  ];
}

const played = (definition: WorkflowDefinition, script: Script): Path => ({
  name: script.name,
  flaws: () => {
    const world = new World(definition, script).start();
    world.run(watcher(world));
    return [...rulesKept(world), ...flawsOf(world), ...importFlaws(world)];
  },
});

/** The same history again, the process started anew after every turn: from a snapshot and from the history by turns. */
const restarted = (definition: WorkflowDefinition, script: Script): Path => ({
  name: `${script.name}, restarted after every turn`,
  flaws: () => {
    const { events } = new World(definition, script).start().run();
    let world = new World(definition, script).start();
    for (let turn = 0; !world.over && turn < events.length; turn += 1) {
      world = world.restarted(turn % 2 === 0 ? 'snapshot' : 'history');
      if (!world.step()) break;
    }
    world.run();
    const same = JSON.stringify(world.events) === JSON.stringify(events);
    return [...flawsOf(world), ...(same ? [] : ['another history'])];
  },
});

/** `turns`: of a run that goes well. */
function interrupted(definition: WorkflowDefinition, script: Script, turns: number): readonly Path[] {
  return Array.from({ length: turns }, (_, turn): readonly Path[] => {
    const here = (): World => {
      const world = new World(definition, script).start();
      for (let at = 0; at < turn; at += 1) world.step();
      return world.branch(turn % 2 === 0 ? 'snapshot' : 'history');
    };
    const name = (what: string): string => `${script.name}, ${what} after turn ${turn}`;
    return [
      { name: name('cancelled'), flaws: () => endedFlaws(cancelled(here())) },
      { name: name('cancelled by force'), flaws: () => forced(here()) },
      {
        name: name('paused'),
        flaws: () => {
          const world = here();
          const { status } = world.branch('snapshot').run().state;
          const ended = paused(world);
          const same = ended.state.status === status;
          return [...endedFlaws(ended), ...(same ? [] : [`ends ${ended.state.status}, and ${status} without a pause`])];
        },
      },
      { name: name('cancelled, nothing undone,'), flaws: () => leftAsItIs(here()) },
      ...(['SkipTask', 'OverrideTask'] as const).flatMap((type) =>
        [0, 1].map((place) => ({
          name: name(`${type} of open task ${place}`),
          flaws: () => endedFlaws(changed(here(), type, turn + place)),
        })),
      ),
    ];
  }).flat();
}

const endedFlaws = (world: World): readonly string[] => [...flawsOf(world), ...importFlaws(world)];

/** Ends at once, and nothing is undone. */
function forced(world: World): readonly string[] {
  const before = world.events.length;
  world.send({ type: 'CancelRun', force: true });
  const added = world.events.slice(before).map(({ type }) => type);
  const ends = ['', 'RunCancelled', 'MessagesClosed,RunCancelled'];
  const atOnce = world.over && ends.includes(added.join());
  return [...importFlaws(world), ...(atOnce ? [] : [`leads to ${added.join()}`])];
}

/** Ends once what is outstanding has come, and nothing begins any more. */
function leftAsItIs(world: World): readonly string[] {
  const before = world.events.length;
  world.send({ type: 'CancelRun', compensate: false });
  world.run();
  const began = world.events.slice(before).filter(({ type }) => type === 'CompensationBegan');
  return [...world.flaws, ...importFlaws(world), ...(began.length === 0 ? [] : ['something is undone'])];
}

/** One of the tasks that have not ended is skipped, or given an output. What the command comes to is an answer. */
function changed(world: World, type: 'SkipTask' | 'OverrideTask', place: number): World {
  const open = [...world.state.tasks.values()].filter((task) => !hasEnded(task));
  const task = open[place % Math.max(1, open.length)];
  if (task === undefined) return world.run();
  const given = type === 'SkipTask' ? { type, taskId: task.id } : { type, taskId: task.id, output: 'said' };
  const [answer] = world.send(given);
  const answers = ['CommandRejected', 'TaskClosing', 'TaskSkipped', 'TaskCompleted'];
  if (!answers.includes(answer?.type ?? 'nothing')) world.flaws.push(`${type} is answered by ${answer?.type}`);
  return world.run(watcher(world));
}

function cancelled(world: World): World {
  world.send({ type: 'CancelRun', reason: 'test' });
  return world.run();
}

function paused(world: World): World {
  world.send({ type: 'PauseRun' });
  world.until(world.now + PAUSE_MS);
  world.send({ type: 'ResumeRun' });
  return world.run();
}
