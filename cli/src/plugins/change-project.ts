import { isRepriseError, toErrorData } from '@reprise/core';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { lastWords } from '../output/last-words.ts';
import type { Terminal } from '../output/terminal.ts';
import { installFailed } from './packed-package.ts';
import { ProjectFiles } from './project-files.ts';
import { lockProject } from './project-lock.ts';

/** One installation or removal, from the first look to the last write. */
export interface Change {
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /**
   * From here on, whatever goes wrong puts everything back, and no other process changes the plugins: what was read of them before may be old.
   * `packages`: where npm is to be at work.
   */
  begin(pluginFile: string, packages: string | undefined): Promise<void>;
}

/**
 * Runs a change of the project. What it throws after begin(), and an interruption, puts everything back; the putting back is not interrupted. Returns
 * the exit code.
 */
export async function changeProject(
  { err }: Terminal,
  what: string,
  work: (change: Change) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  let interrupted: InterruptSignal | undefined;
  let before: { readonly files: ProjectFiles; readonly withModules: boolean } | undefined;
  let unlock: (() => void) | undefined;
  // A plugin that is loaded may end the process.
  const onExit = (): void => {
    const left = before?.files.putBackAtOnce(before.withModules);
    unlock?.();
    if (before === undefined) return;
    const end =
      left === undefined
        ? 'Everything is as it was before.'
        : `package.json, the lockfile and the plugins are as before; ${left}`;
    lastWords(end);
  };
  process.once('exit', onExit);
  const ignore = onInterrupt((signal, times) => {
    interrupted ??= signal;
    controller.abort();
    if (times > 1 && before !== undefined) void err.line('What was changed is being put back: a moment.');
  });
  const change: Change = {
    signal: controller.signal,
    begin: async (pluginFile, packages) => {
      controller.signal.throwIfAborted();
      unlock = lockProject(pluginFile);
      before = { files: await ProjectFiles.take(pluginFile, packages), withModules: packages !== undefined };
    },
  };
  try {
    const exit = await work(change);
    // A Ctrl-C that came when all was done changes nothing.
    return interrupted === undefined || before !== undefined ? exit : exitCodeOfSignal(interrupted);
  } catch (error) {
    const left = await before?.files.putBack(before.withModules);
    const end =
      before === undefined
        ? 'Nothing was changed.'
        : left === undefined
          ? 'Everything is as it was before.'
          : `But ${left}`;
    if (interrupted !== undefined) {
      await err.line(`Interrupted. ${end}`);
      return exitCodeOfSignal(interrupted);
    }
    if (before === undefined) throw error;
    const { code, message } = toErrorData(error, 'REPRISE_PLUGIN_INSTALL_FAILED');
    const said = isRepriseError(error, 'REPRISE_PLUGIN_INSTALL_FAILED')
      ? message
      : `${what} failed: ${code === 'REPRISE_PLUGIN_INSTALL_FAILED' ? '' : `${code}: `}${message}`;
    throw installFailed(`${said}\n${end}`, error);
  } finally {
    unlock?.();
    process.off('exit', onExit);
    ignore();
  }
}

/** What a plugin does when it is loaded may take long: an interruption does not wait for it. */
export async function whileItLoads<Value>(signal: AbortSignal, value: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    value.catch(() => undefined);
  }
}
