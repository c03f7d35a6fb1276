import { systemClock } from '@reprise/core';
import { addToken, type Role, readTokens, revokeToken } from '@reprise/monitor-dashboard';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { localTime, plain } from '../output/text.ts';

export interface AddTokenFlags {
  readonly file: string;
  readonly role: Role;
  readonly replace: boolean;
}

/** Prints the token on stdout, alone, so that it can be handed on: it is told once. */
export async function addDashboardToken(
  name: string,
  flags: AddTokenFlags,
  { out, err, json }: Terminal,
): Promise<void> {
  const { file, role, replace } = flags;
  const token = addToken(file, { name, role, replace, now: systemClock.now() });
  if (json) return out.json({ name, role, file, token });
  await err.line(`The token of ${plain(name)} (${role}). It is told this once: ${plain(file)} has its hash only.`);
  await out.line(token);
}

/** Prints who may open the dashboard. */
export async function listDashboardTokens(file: string, { out, err, json }: Terminal): Promise<void> {
  const tokens = readTokens(file);
  if (json) return out.json({ tokens: tokens.map(({ name, role, created }) => ({ name, role, created })) });
  if (tokens.length === 0) return err.line(`Nobody: ${plain(file)} has no token.`);
  const rows = tokens.map(({ name, role, created }) => [plain(name), role, localTime(Date.parse(created))]);
  for (const line of table(out, [{ title: 'NAME', flexible: true }, { title: 'ROLE' }, { title: 'SINCE' }], rows))
    await out.line(line);
}

/** Takes a token back. */
export async function revokeDashboardToken(name: string, file: string, { out, err, json }: Terminal): Promise<void> {
  revokeToken(file, name);
  if (json) return out.json({ name, file });
  await err.line(`The token of ${plain(name)} is taken back.`);
}
