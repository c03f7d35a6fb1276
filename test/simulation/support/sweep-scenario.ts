import type {
  AgentContext,
  AgentTask,
  AnyPlugin,
  Json,
  JsonObject,
  RecordedEvent,
  RunEvent,
  RunHandle,
  Workflow,
} from '@reprise/core';

/** What an agent does with an attempt: after `wait` ms it answers or fails; or it never answers. */
export interface Deed {
  readonly wait?: number;
  readonly output?: Json;
  readonly fail?: string;
  readonly hang?: boolean;
  /** What it does to its run. */
  readonly direct?: (context: AgentContext) => void;
  /** What it does with messages gives its output. */
  readonly talk?: (context: AgentContext) => Promise<Json>;
}

/** Failures of a task that are on record, lost attempts aside: what an agent does may depend on them, and on nothing in a process. */
export type Script = (task: AgentTask, failures: number) => Deed;

/** Something that a user does, again in the next process until it is on record. */
export interface Press {
  /** Virtual ms after the start. */
  readonly at: number;
  press(run: RunHandle): Promise<void>;
  /** The type of the event that shows that it was done, and its command, where others of that type come, too. */
  readonly done: string;
  readonly commandId?: string;
}

export interface SweepScenario {
  readonly workflow: Workflow;
  /** Workflows that it starts as child runs. */
  readonly others?: readonly Workflow[];
  readonly agents: Readonly<Record<string, Script>>;
  /** What all of its agents are able to do. */
  readonly capability?: string;
  readonly presses?: readonly Press[];
  /** Strategies that its workflows name. */
  readonly plugins?: readonly AnyPlugin[];
  readonly input?: JsonObject;
  /** What a kill loses of attempts that are awaited is undone all the same, as something of which nobody knows, and in its own time. */
  readonly isRace?: boolean;
  /** Several of its runs move at the same moment: over real I/O it is chance which comes first. */
  readonly isCrowded?: boolean;
  /** Types of events that it is played for: the undisturbed run has each. */
  readonly about?: readonly RunEvent['type'][];
  /** How the undisturbed run ends. */
  readonly ends: 'completed' | 'failed' | 'cancelled';
}

/** Failures of a task of a run on record that are none of a dying process. */
export const failuresOf = (log: readonly RecordedEvent[], stream: string, taskId: string): number =>
  log.filter(
    (event) =>
      event.type === 'TaskAttemptFailed' &&
      event.stream === stream &&
      event.data['taskId'] === taskId &&
      event.data['lost'] !== true,
  ).length;
