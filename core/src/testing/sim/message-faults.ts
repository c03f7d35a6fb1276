import type { FaultsOf } from '../faulty-transport.ts';
import type { FaultPlan } from './fault.ts';

/** What befalls the messages of a transport by a plan. Of each message the first look is at what is published, the others are at what is delivered. */
export function messageFaults(plan: FaultPlan): FaultsOf {
  const looks = new Map<string, number>();
  return ({ channel, envelope }) => {
    const key = `${channel} ${envelope.id}`;
    const nth = (looks.get(key) ?? 0) + 1;
    looks.set(key, nth);
    const { type, runid = '', taskid = '' } = envelope;
    const place = [nth === 1 ? 'send' : 'deliver', type, runid, taskid].filter((part) => part !== '').join(' ');
    const fault = plan.use(place, nth === 1 ? ['delay', 'duplicate', 'reorder'] : ['drop']);
    return fault === undefined ? undefined : { [fault.kind]: 1, withinMs: fault.ms ?? 1 };
  };
}
