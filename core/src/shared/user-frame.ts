/** A line of a stack. `line` and `column` count from 1. */
export interface StackFrame {
  /** The function, as the stack calls it; absent for one without a name. */
  readonly name?: string;
  /** An absolute path. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const FRAME = /^\s*at (?:async )?(?:(.+?) \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]|\\\\).+?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/;

/** Folders with code of our own. In a project they are below node_modules anyway; in this repository they are not. */
const OWN = ['core/src', 'core/dist', 'cli/src', 'cli/dist', 'plugins', 'test/conformance'].map((folder) =>
  pathOf(new URL(`../../../${folder}/`, import.meta.url).href),
);

/**
 * The first frame of a stack that is of a user's own code: neither of Node, nor of an installed package, nor of Reprise. Undefined when there is
 * none. The frames of causes come after those of the error.
 */
export function userFrame(stack: string): StackFrame | undefined {
  for (const text of stack.split('\n')) {
    const frame = frameIn(text);
    if (frame !== undefined && isUsers(frame)) return frame;
  }
  return undefined;
}

function frameIn(text: string): StackFrame | undefined {
  const [, called, place = '', line, column] = FRAME.exec(text) ?? [];
  if (line === undefined) return undefined;
  const name = called?.replace(/ \[as .*\]$/, '');
  const isNamed = name !== undefined && !/(^|\.)<anonymous>$/.test(name);
  return {
    ...(isNamed ? { name } : {}),
    file: pathOf(place),
    line: Number(line),
    column: Number(column),
  };
}

const isUsers = ({ file }: StackFrame): boolean =>
  !/[\\/]node_modules[\\/]/.test(file) && !OWN.some((folder) => file.startsWith(folder));

function pathOf(place: string): string {
  if (!place.startsWith('file://')) return place;
  try {
    // `/C:/p` of Windows loses its first slash.
    return decodeURIComponent(new URL(place).pathname).replace(/^\/(?=[A-Za-z]:)/, '');
  } catch {
    return place; // not as URLs are written
  }
}

/** `at firstName (agents.ts:4:24)`. `shorten` says how the path is shown. */
export function frameText({ name, file, line, column }: StackFrame, shorten: (path: string) => string): string {
  const place = `${shorten(file)}:${line}:${column}`;
  return name === undefined ? `at ${place}` : `at ${name} (${place})`;
}
