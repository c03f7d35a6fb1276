import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Service } from './services.ts';

// Which services run here: a file each, by who started it and its port.

export interface Running {
  /** The process that has it. */
  readonly pid: number;
  readonly told: string;
}

const fileOf = ({ name, port }: Service): string =>
  join(tmpdir(), `reprise-service-${userInfo().uid}-${name}-${port}.json`);

/** What another process of this user started; a process that has died meanwhile, or a number that is another's now, is none. */
export async function running(service: Service): Promise<Running | undefined> {
  try {
    const found = JSON.parse(readFileSync(fileOf(service), 'utf8')) as Running;
    process.kill(found.pid, 0);
    return (await answers(service.port)) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** This process has it. */
export function writeDown(service: Service, told: string): void {
  writeFileSync(fileOf(service), JSON.stringify({ pid: process.pid, told } satisfies Running), { mode: 0o600 });
}

export function strikeOut(service: Service): void {
  rmSync(fileOf(service), { force: true });
}

/** Whether anybody takes connections there. */
export const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
