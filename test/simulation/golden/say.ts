import { RESULT_CHANNEL } from '../../../core/src/orchestration/messaging/channels.ts';
import { toEnvelope, type WorkerCommand } from '../../../core/src/orchestration/messaging/messages.ts';
import type { Stage } from './recorder.ts';

/** Says what a worker elsewhere would say. */
export function say(stage: Stage, command: WorkerCommand): Promise<void> {
  const { runId, commandId } = command;
  const at = stage.time.clock.now();
  const addressing = {
    id: commandId,
    type: 'command',
    source: 'elsewhere',
    runId,
    causationId: commandId,
    at,
  } as const;
  return stage.transport.publish([{ channel: RESULT_CHANNEL, envelope: toEnvelope(addressing, command) }]);
}
