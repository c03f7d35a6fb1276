import { recordedChanges } from '../../../definition/changes.ts';
import { equalJson } from '../../../shared/json.ts';
import type { RunEvent } from '../events.ts';
import { type Facts, RunOutline, type TaskOutline } from './outline.ts';
import type { Difference, DiffersIn, DiffSide, DiffTask, Parting, RunDiff, Said, TaskCosts } from './run-diff.ts';

/** Compares two histories, each from its first event on. Linear in their events. */
export function diffRuns(a: Iterable<RunEvent>, b: Iterable<RunEvent>): RunDiff {
  const [one, other] = [new RunOutline(), new RunOutline()];
  for (const event of a) one.fold(event);
  for (const event of b) other.fold(event);
  return diffOutlines(one, other);
}

/** Compares what was folded of two histories. */
export function diffOutlines(a: RunOutline, b: RunOutline): RunDiff {
  const sides = { a: sideOf(a), b: sideOf(b) };
  const tasks = costsOf(a, b);
  const workflow = sameness(sides.a, sides.b);
  if (workflow === 'other')
    return {
      ...sides,
      workflow,
      changes: [],
      parting: undefined,
      differences: [],
      onlyA: [],
      onlyB: [],
      same: 0,
      tasks,
    };
  const isSame = workflow === 'same' || sides.a.definitionHash === sides.b.definitionHash;
  const changes = isSame ? [] : recordedChanges(a.state.definition, b.state.definition);
  const differences: Difference[] = [];
  const onlyA: DiffTask[] = [];
  const parting = new FirstParting();
  let same = 0;
  for (const [key, task] of a.tasks) {
    const other = b.tasks.get(key);
    if (other === undefined) {
      onlyA.push(taskOf(task));
      parting.only('a', task);
      continue;
    }
    const found = differencesOf(task, other);
    if (found.length === 0) same += 1;
    for (const one of found) {
      differences.push(one);
      parting.note(one);
    }
  }
  const onlyB: DiffTask[] = [];
  for (const [key, task] of b.tasks) {
    if (a.tasks.has(key)) continue;
    onlyB.push(taskOf(task));
    parting.only('b', task);
  }
  return { ...sides, workflow, changes, parting: parting.result(), differences, onlyA, onlyB, same, tasks };
}

function sideOf(outline: RunOutline): DiffSide {
  const { runId, definition, definitionHash, status, lineage } = outline.close().state;
  const taken = outline.taken.result();
  const { name: workflow, version } = definition;
  const cost = outline.own.result();
  const takenOver = taken.events === 0 ? undefined : taken;
  return { runId, workflow, version, definitionHash, status, lineage, cost, taken: takenOver };
}

function sameness(a: DiffSide, b: DiffSide): RunDiff['workflow'] {
  if (a.workflow !== b.workflow) return 'other';
  if (a.version !== b.version) return 'version';
  return a.definitionHash === b.definitionHash ? 'same' : 'definition';
}

const FACTS: readonly DiffersIn[] = ['attempt', 'agent', 'input', 'status', 'output', 'error'];

function differencesOf(a: TaskOutline, b: TaskOutline): readonly Difference[] {
  const { task, rounds } = a;
  const found: Difference[] = [];
  const compare = (what: DiffersIn, one: Said | undefined, other: Said | undefined, attempt?: number): void => {
    if (one === other || (one !== undefined && other !== undefined && equalJson(one.value, other.value))) return;
    found.push({ task, rounds, attempt, what, a: one, b: other });
  };
  const compareFacts = (one: Facts, other: Facts, attempt?: number): void => {
    for (const what of FACTS) compare(what, one[what], other[what], attempt);
  };
  for (let n = 0; n < Math.max(a.attempts.length, b.attempts.length); n += 1) {
    const [one, other] = [a.attempts[n], b.attempts[n]];
    if (one !== undefined && other !== undefined) compareFacts(one.facts, other.facts, n + 1);
    else compare('attempt', one?.facts.attempt, other?.facts.attempt, n + 1);
  }
  compareFacts(a.facts, b.facts);
  for (let n = 0; n < Math.max(a.decisions.length, b.decisions.length); n += 1)
    compare('decision', a.decisions[n], b.decisions[n]);
  return found;
}

const taskOf = ({ task, rounds, facts, attempts }: TaskOutline): DiffTask => ({
  task,
  rounds,
  status: facts.status === undefined ? undefined : String(facts.status.value),
  attempts: attempts.length,
});

/** The first difference in the order of each of the histories. */
class FirstParting {
  #a: Difference | undefined;
  #b: Difference | undefined;

  note(difference: Difference): void {
    if (isBefore(difference.a, this.#a?.a)) this.#a = difference;
    if (isBefore(difference.b, this.#b?.b)) this.#b = difference;
  }

  only(side: 'a' | 'b', { task, rounds, facts, attempts, decisions }: TaskOutline): void {
    const place = { task, rounds, a: undefined, b: undefined };
    const [begun] = attempts;
    if (begun?.facts.attempt !== undefined)
      return this.note({ ...place, attempt: 1, what: 'attempt', [side]: begun.facts.attempt });
    const [decided] = decisions;
    if (decided !== undefined) this.note({ ...place, attempt: undefined, what: 'decision', [side]: decided });
    for (const what of FACTS) {
      const said = facts[what];
      if (said !== undefined) this.note({ ...place, attempt: undefined, what, [side]: said });
    }
  }

  result(): Parting | undefined {
    const [a, b] = [this.#a, this.#b];
    if (a === undefined && b === undefined) return undefined;
    // Of what went on at once, either may have come first.
    if (a?.b !== undefined && b?.a !== undefined) return { a: sideIn('a', a), b: sideIn('b', a) };
    return { a: sideIn('a', a), b: sideIn('b', b) };
  }
}

const isBefore = (one: Said | undefined, other: Said | undefined): boolean =>
  one !== undefined && (other === undefined || one.revision < other.revision);

function sideIn(side: 'a' | 'b', difference: Difference | undefined): Parting['a'] {
  const said = difference?.[side];
  if (difference === undefined || said === undefined) return undefined;
  const { task, rounds, attempt, what } = difference;
  return { task, rounds, attempt, what, ...said };
}

const NOTHING = { attempts: 0, failures: 0, agentMs: 0 };

const costsOf = (a: RunOutline, b: RunOutline): readonly TaskCosts[] =>
  [...new Set([...a.costs.keys(), ...b.costs.keys()])].map((task) => ({
    task,
    a: { ...(a.costs.get(task) ?? NOTHING) },
    b: { ...(b.costs.get(task) ?? NOTHING) },
  }));
