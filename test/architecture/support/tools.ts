import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface ToolOptions {
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs an installed tool (path under node_modules) on this Node, to its end. */
export const tool = (path: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> =>
  script(`node_modules/${path}`, args, options);

/** Runs a script (path in the repository) on this Node, to its end. */
export function script(path: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const { NODE_OPTIONS: _ours, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [`${ROOT}${path}`, ...args],
      { cwd: options.cwd ?? ROOT, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

interface CruiseReport {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/** What the architecture rules say about the repository in `folder`. */
export async function cruise(folder: string): Promise<{ modules: number; violations: readonly Violation[] }> {
  const { stdout, stderr } = await tool(
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    [
      'core',
      'plugins',
      'cli',
      'test',
      'docs/examples',
      '--config',
      `${ROOT}.dependency-cruiser.mjs`,
      '--output-type',
      'json',
    ],
    { cwd: folder },
  );
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser printed no report:\n${stdout}${stderr}`);
  const { summary } = JSON.parse(stdout) as CruiseReport;
  const violations = summary.violations.map(({ from, to, rule }) => ({ rule: rule.name, from, to }));
  return { modules: summary.totalCruised, violations };
}
