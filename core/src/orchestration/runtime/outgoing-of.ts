import type { SendOptions } from '../../agent/messages.ts';
import { type Duration, parseDuration } from '../../shared/duration.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Refusal } from '../workflow/decisions/refusal.ts';
import { outgoingFlaw } from '../workflow/messaging/call-shapes.ts';
import type { Outgoing } from '../workflow/messaging/message.ts';

type Said = { readonly [Option in keyof SendOptions]?: SendOptions[Option] | undefined };

/** What is sent, of what an agent or a program says; or a throw, with the code that the run would refuse it with: nothing that is no JSON gets on its way. */
export function outgoingOf(where: Pick<Outgoing, 'to' | 'topic'>, data: Json, options: Said): Outgoing {
  const { expires, deadline, ...how } = options;
  const said = Object.fromEntries(Object.entries(how).filter(([, value]) => value !== undefined));
  const outgoing = {
    ...said,
    ...where,
    data,
    ...(expires === undefined ? {} : { expiresMs: durationOf(expires, 'expires') }),
    ...(deadline === undefined ? {} : { deadlineMs: durationOf(deadline, 'deadline') }),
  };
  accept(outgoingFlaw(outgoing));
  return outgoing;
}

/** Throws what the run would refuse. */
export function accept(flaw: Refusal | undefined): void {
  if (flaw !== undefined) throw new RepriseError(flaw.code, flaw.message);
}

/** In ms; or a throw that names the option. */
export function durationOf(value: Duration, option: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new RepriseError(
    'REPRISE_MESSAGE_INVALID',
    `\`${option}\` must be ms or text such as "30s", not ${String(value)}.`,
  );
}
