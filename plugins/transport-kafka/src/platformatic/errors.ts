import { type Fault, isDenial } from '../transport-error.ts';

interface ClientError {
  readonly code?: string;
  readonly apiId?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

const inner = ({ errors, cause }: ClientError): unknown => errors?.at(-1) ?? cause;

/** The error and those that it wraps, outermost first; of tries, the last one. */
function chainOf(error: unknown): readonly ClientError[] {
  const chain: ClientError[] = [];
  for (let one = error; one instanceof Error && !chain.includes(one); one = inner(one)) chain.push(one);
  return chain;
}

export function faultOf(error: unknown): Fault {
  const chain = chainOf(error);
  const named = chain.findLast(({ apiId }) => apiId !== undefined);
  const last = named ?? chain.at(-1);
  const message = last?.message ?? String(error);
  // It has no code of its own for a topic that its metadata lack.
  const type = named?.apiId ?? (/^Unknown topic /.test(message) ? UNKNOWN_TOPIC : '');
  // What it found out itself: a server that could not prove who it is. All else that stops a login says why below that.
  const isDenied = last?.code === 'PLT_KFK_AUTHENTICATION' || chain.some(({ apiId = '' }) => isDenial(apiId));
  return { type, message, isDenied };
}

export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** Whether the broker, or one partition of its answer, said this. */
export const says = (error: unknown, type: string): boolean => faultOf(error).type === type;
