import { askedOf } from '../../../definition/asked-of.ts';
import type { TaskDefinition } from '../../../definition/definition.ts';
import type { Takers } from '../explain/explanation.ts';

/** Why nobody would ever do one of the tasks that are to be added; undefined when all have somebody, or it is not known who is there. */
export function untakenProblem(tasks: readonly TaskDefinition[], takers: Takers | undefined): string | undefined {
  if (takers === undefined) return undefined;
  for (const { id, agent, capability } of askedOf(tasks)) {
    const nobody = `nobody could do the added task '${id}': no agent that is there`;
    if (agent !== undefined && !takers.has(agent)) return `${nobody} is called '${agent}'`;
    if (capability !== undefined && !takers.hasCapability(capability))
      return `${nobody} has the capability '${capability}'`;
  }
  return undefined;
}
