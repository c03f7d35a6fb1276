import { spawn } from 'node:child_process';

/** As the system opens links; where it cannot, the link is there to be copied. */
export function openBrowser(link: string): void {
  const [program, ...args]: readonly [string, ...string[]] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['explorer.exe'] : ['xdg-open'];
  const child = spawn(program, [...args, link], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
