import { escaped, framed, lines, quoted } from '../../../definition/mermaid-labels.ts';
import type { RunView } from '../run-view.ts';
import type { RunState } from '../state.ts';
import { stateOf } from '../view-of.ts';
import { type EdgeKind, edgesOf } from './drawn-edges.ts';
import { chosen, type Drawn, drawnTasks, flat, isFrame } from './drawn-tasks.ts';
import { clipped, failedText, type Look, TaskTexts } from './task-text.ts';

export interface RunPictureOptions {
  /** The time that waiting is told at (ms since the Unix epoch). Default: that of the run's last event. */
  readonly now?: number;
  /**
   * Tasks at most, blocks included; default 200. Those that are under way or failed come first. Five edges for every two of them are drawn at most: with the default, as
   * many as Mermaid draws unless it is configured otherwise (`maxEdges`).
   */
  readonly limit?: number;
}

const LIMIT = 200;
const EDGES_A_TASK = 2.5;

const ARROWS: Readonly<Record<EdgeKind, string>> = {
  after: '-->',
  added: '-->',
  taken: '-.-x',
  fallback: '-.->',
  fell: '==>',
  repeat: '==>',
  undo: '-.->',
  caught: '-.->',
};

/** How each status looks. */
const LOOKS: Readonly<Record<Look, string>> = {
  pending: 'fill:#f5f5f5,stroke:#9e9e9e,color:#616161',
  ready: 'fill:#e3f2fd,stroke:#1e88e5,color:#0d47a1',
  scheduled: 'fill:#e3f2fd,stroke:#1e88e5,color:#0d47a1',
  running: 'fill:#fff8e1,stroke:#ffa000,color:#7f4f00',
  waiting: 'fill:#fff3e0,stroke:#ef6c00,color:#7f3600',
  completed: 'fill:#e8f5e9,stroke:#43a047,color:#1b5e20',
  failed: 'fill:#ffebee,stroke:#e53935,color:#b71c1c',
  skipped: 'fill:#fafafa,stroke:#bdbdbd,color:#9e9e9e,stroke-dasharray:4 3',
  cancelled: 'fill:#eceff1,stroke:#78909c,color:#455a64',
};
const ADDED = 'stroke:#8e24aa,stroke-width:3px';

const RUN_LOOKS: Readonly<Record<RunState['status'], Look>> = {
  none: 'pending',
  forking: 'scheduled',
  running: 'running',
  paused: 'waiting',
  parked: 'failed',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/**
 * A run as a Mermaid flowchart: what was planned, what was added and by whom, and what became of each task. A node has the class of its status
 * (`pending` for what has not begun; `waiting` for what waits for a signal, a person, a time, a mutex or another run), and `added` beside it; its label says why it was
 * skipped or cancelled, what it waits for, rounds, attempts, hand-offs, fallbacks, how far a list is, and its child run. Edges that were drawn
 * at run time are labelled, those that were taken away end in a cross. Text of agents and users is escaped.
 *
 * Throws TypeError for a view that did not come from a reader, a handle or a replay; RangeError for a limit that is no positive integer.
 */
export function runToMermaid(run: RunView, { now = run.updatedAt, limit = LIMIT }: RunPictureOptions = {}): string {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('limit has to be a positive integer.');
  return new Picture(stateOf(run), now, limit).text();
}

class Picture {
  readonly #state: RunState;
  readonly #texts: TaskTexts;
  readonly #tree: readonly Drawn[];
  readonly #kept: ReadonlySet<Drawn>;
  /** Names of nodes by path. */
  readonly #names = new Map<string, string>();
  readonly #nodes: string[] = [];
  readonly #edges: string[] = [];
  readonly #classes = new Map<Look | 'added', string[]>();
  readonly #mostEdges: number;
  #edgesLeft = 0;

  constructor(state: RunState, now: number, limit: number) {
    this.#state = state;
    this.#texts = new TaskTexts(state, now);
    this.#tree = drawnTasks(state);
    this.#kept = chosen(this.#tree, limit);
    this.#mostEdges = Math.ceil(limit * EDGES_A_TASK);
  }

  text(): string {
    this.#nodes.push(`  run([${headOf(this.#state)}])`);
    this.#classify('run', RUN_LOOKS[this.#state.status]);
    this.#draw(this.#tree, '  ');
    for (const one of this.#kept) this.#connect(one);
    this.#tellLeft();
    const classes = [...this.#classes].flatMap(([look, names]) => [
      `  classDef ${look} ${look === 'added' ? ADDED : LOOKS[look]}`,
      `  class ${names.join(',')} ${look}`,
    ]);
    return `${['flowchart TD', ...this.#nodes, ...this.#edges, ...classes].join('\n')}\n`;
  }

  #draw(tasks: readonly Drawn[], indent: string): void {
    for (const one of tasks) {
      if (!this.#kept.has(one)) continue;
      const name = `t${this.#names.size}`;
      this.#names.set(one.path, name);
      const { label, look } = this.#texts.of(one);
      this.#classify(name, look);
      if (one.task !== undefined && this.#state.graph.isAddedTo(one.task.scope, one.task.definitionId))
        this.#classify(name, 'added');
      if (!isFrame(one)) {
        this.#nodes.push(`${indent}${name}${framed(one.definition, label)}`);
        continue;
      }
      this.#nodes.push(`${indent}subgraph ${name}[${label}]`);
      this.#draw(one.parts, `${indent}  `);
      this.#nodes.push(`${indent}end`);
    }
  }

  #classify(name: string, look: Look | 'added'): void {
    const others = this.#classes.get(look);
    if (others === undefined) this.#classes.set(look, [name]);
    else others.push(name);
  }

  /** From the node of one path to that of another, if both are there. */
  #edge(from: string, arrow: string, label: string, to: string): void {
    const [one, other] = [this.#names.get(from), this.#names.get(to)];
    if (one === undefined || other === undefined) return;
    if (this.#edges.length >= this.#mostEdges) this.#edgesLeft += 1;
    else this.#edges.push(`  ${one} ${arrow}${label === '' ? '' : `|${quoted(escaped(clipped(label)))}|`} ${other}`);
  }

  #connect(drawn: Drawn): void {
    for (const { from, kind, label, to } of edgesOf(this.#state, drawn)) this.#edge(from, ARROWS[kind], label, to);
  }

  /** What there was no room for. */
  #tellLeft(): void {
    const counts = new Map<string, number>();
    for (const one of flat(this.#tree)) {
      if (this.#kept.has(one)) continue;
      const status = one.task?.status ?? 'pending';
      const as = status === 'pending' ? 'planned' : status;
      counts.set(as, (counts.get(as) ?? 0) + 1);
    }
    const tasks = counts.values().reduce((sum, count) => sum + count, 0);
    if (tasks === 0 && this.#edgesLeft === 0) return;
    const parts = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
    const label = lines(
      tasks === 0 ? '' : `${tasks} more ${tasks === 1 ? 'task is' : 'tasks are'} not drawn: ${parts}`,
      this.#edgesLeft === 0 ? '' : `${this.#edgesLeft} more edges are not drawn`,
    );
    this.#nodes.push(`  left>${label}]`);
  }
}

/** What the picture is of. */
function headOf(state: RunState): string {
  const { runId, definition, status, error, parked, parent, lineage, cancelReason } = state;
  const told = status === 'parked' ? parked : error;
  const round = state.scopes.get('')?.round ?? 1;
  const parts = [
    runId,
    `${definition.name}@${definition.version}`,
    status === 'failed' ? failedText(error) : `${status}${told === undefined ? '' : `: ${told.code}`}`,
    cancelReason ?? '',
    round > 1 ? `round ${round}` : '',
    parent === undefined ? '' : `child of ${parent.runId}, task ${parent.taskId}`,
    lineage === undefined ? '' : `${lineage.as ?? 'goes on'} from ${lineage.runId}, revision ${lineage.revision}`,
  ];
  return lines(...parts.map(clipped));
}
