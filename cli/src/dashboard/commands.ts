import { type ForkRunOptions, isRepriseError, type JsonObject, type Orchestrator, type RunHandle } from '@reprise/core';
import type { Branch, DashboardSource, RunCommand, Who } from '@reprise/monitor-dashboard';
import { type Opened, openProject, openToSteer } from '../drive/open-project.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { plainJson } from './shapes.ts';

/**
 * Gives commands to runs as every other command of `reprise` does: as a client of the store, which drives nothing. It is opened by the first command,
 * so that whoever only looks writes nothing.
 */
export class Commands {
  readonly #where: Whereabouts;
  readonly #access: StoreAccess;
  #opened: Promise<Opened> | undefined;

  constructor(where: Whereabouts, access: StoreAccess) {
    this.#where = where;
    this.#access = access;
  }

  readonly give: DashboardSource['command'] = async (runId, command, who): Promise<JsonObject> => {
    const { orchestrator } = await this.#client();
    const handle = orchestrator.run(runId);
    if (command.kind === 'retry' || command.kind === 'fork') {
      const next =
        command.kind === 'retry'
          ? await orchestrator.retryRun(runId, who)
          : await orchestrator.forkRun(runId, { ...who, ...optionsOf(command) });
      return plainJson({ runId, newRunId: next.id });
    }
    await give(handle, command, who);
    const { status, revision } = await handle.state();
    return plainJson({ runId, status, revision });
  };

  readonly planFork: DashboardSource['planFork'] = async (runId, branch) => {
    const { orchestrator } = await this.#client();
    return plainJson(await orchestrator.planFork(runId, optionsOf(branch)));
  };

  readonly start: DashboardSource['start'] = async ({ workflow, version, input, id }, who) => {
    const { orchestrator } = await this.#client();
    const run = await orchestrator.startRun(workflow, input, {
      ...who,
      ...(version === undefined ? {} : { version }),
      ...(id === undefined ? {} : { id }),
    });
    return { runId: run.id };
  };

  async close(): Promise<void> {
    if (this.#opened === undefined) return;
    const opened = await this.#opened.catch(() => undefined); // whoever asked for it was told
    await opened?.orchestrator.stop();
  }

  #client(): Promise<Opened> {
    if (this.#opened === undefined) {
      const opening = this.#open();
      this.#opened = opening;
      // Tried again by the next command.
      opening.catch(() => {
        if (this.#opened === opening) this.#opened = undefined;
      });
    }
    return this.#opened;
  }

  async #open(): Promise<Opened> {
    const opened = await this.#openAny();
    try {
      await started(opened.orchestrator);
      return opened;
    } catch (error) {
      await opened.orchestrator.stop();
      throw error;
    }
  }

  /** With the project, where there is one: to go on from a run needs its workflow. */
  async #openAny(): Promise<Opened> {
    try {
      return await openProject(this.#where);
    } catch (error) {
      if (!isRepriseError(error, 'REPRISE_CONFIG_NOT_FOUND')) throw error;
      return openToSteer(this.#access);
    }
  }
}

const optionsOf = ({ at, input, outcomes, again }: Branch): ForkRunOptions => ({
  ...(at === undefined ? {} : { at }),
  ...(input === undefined ? {} : { input }),
  ...(outcomes === undefined ? {} : { outcomes }),
  ...(again === undefined ? {} : { again }),
});

const started = (orchestrator: Orchestrator) => orchestrator.start({ drive: false });

function give(handle: RunHandle, command: RunCommand, who: Who): Promise<void> {
  const { by, reason } = who;
  switch (command.kind) {
    case 'cancel':
      return handle.cancel(reason, { by, ...(command.force ? { force: true } : {}) });
    case 'pause':
      return handle.pause(reason, { by });
    case 'resume':
      return handle.resume(who);
    case 'retry-tasks':
      return handle.retry(command.taskId, who);
    case 'signal':
      return handle.signal(command.signal, command.data, who);
    case 'answer':
      return handle.answer(command.taskId, command.answer, who);
    case 'assign':
      return handle.assign(command.taskId, command.to, who);
    case 'redrive':
      return handle.redriveDeadLetters(command.messages, {
        ...who,
        ...(command.to === undefined ? {} : { to: command.to }),
      });
    case 'discard':
      return handle.discardDeadLetters(command.messages, who);
    case 'edit':
      return handle.editDeadLetter(command.message, command.data, who);
    case 'retry':
    case 'fork':
      throw new Error(`a ${command.kind} is a new run`);
  }
}
