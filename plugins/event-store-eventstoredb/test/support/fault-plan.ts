import type { Call, Fault } from './protocol-server.ts';

/** Of each kind of call, what may go wrong with it. */
export const FAULTS = {
  append: [
    'hang-before',
    'hang-after',
    'drop-before',
    'drop-after',
    'timeout-after',
    'internal-after',
    'not-leader',
    'busy',
    'not-ready',
    'slow',
    'late',
  ],
  read: ['hang-before', 'drop-before', 'half', 'cut', 'not-leader', 'busy', 'not-ready', 'slow', 'stale'],
  subscribe: ['hang-before', 'drop-before', 'deaf', 'cut', 'double', 'not-leader', 'busy', 'slow'],
} as const satisfies Readonly<Record<string, readonly Fault[]>>;

export interface FaultPlanOptions {
  readonly seed: number;
  /** Of all calls, the share with which something goes wrong (0 to 1); of subscriptions, which are few and long, four times that. */
  readonly rate: number;
  /** What does not go wrong. */
  readonly without?: readonly Fault[];
  /** Told of each fault. */
  readonly onFault?: (fault: Fault) => void;
}

/**
 * A fault for some calls, which follow from the seed: for the n-th of a kind to a stream it is always the same one, in whatever order calls to
 * several streams come. The namespace of a stream does not count.
 */
export function faultPlan({ seed, rate, without = [], onFault }: FaultPlanOptions): (call: Call) => Fault | undefined {
  const counts = new Map<string, number>();
  return ({ kind, stream }) => {
    if (kind === 'features') return undefined;
    const of = `${kind} ${stream.replace(/^[^.]*\./, '')}`;
    const count = (counts.get(of) ?? 0) + 1;
    counts.set(of, count);
    const dice = hash(`${seed} ${of} ${count}`) / (kind === 'subscribe' ? 4 : 1);
    if (dice >= rate) return undefined;
    const all: readonly Fault[] = FAULTS[kind === 'batch' ? 'append' : kind];
    const faults = all.filter((fault) => !without.includes(fault));
    const fault = faults[Math.floor((dice / rate) * faults.length)];
    if (fault !== undefined) onFault?.(fault);
    return fault;
  };
}

/** FNV-1a with a last stir: 0 to 1, this excluded. */
function hash(text: string): number {
  let bits = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1) bits = Math.imul(bits ^ text.charCodeAt(index), 0x01_00_01_93);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85_eb_ca_6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** Of this run of the tests: REPRISE_SEED, or one that nobody knew before. */
export const testSeed = (): number => Number(process.env['REPRISE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
