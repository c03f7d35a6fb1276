// What runs in the thread or process of an isolated agent: it loads the agent, and calls it whenever it is told to.
import { isMainThread, parentPort } from 'node:worker_threads';
import type { Agent } from '../../../../agent/agent.ts';
import type { Json } from '../../../../shared/json.ts';
import { acceptPayload, checkSchema } from '../../payload.ts';
import { type FromIsolate, type ToIsolate, unwrapped } from '../protocol.ts';
import { codedError, thrownOf } from '../thrown.ts';
import { AgentSide } from './agent-side.ts';
import { loadAgent } from './load-agent.ts';
import { onParentGone, watchMemory } from './process-guard.ts';

let agent: Agent<unknown, unknown> | undefined;
let side: AgentSide | undefined;

function send(message: FromIsolate): void {
  if (parentPort !== null) parentPort.postMessage({ reprise: message });
  else process.send?.({ reprise: message });
}

async function load(message: Extract<ToIsolate, { readonly type: 'load' }>): Promise<void> {
  try {
    agent = await loadAgent(message);
    send({ type: 'loaded' });
  } catch (error) {
    send({ type: 'not-loaded', thrown: thrownOf(error) });
  }
}

async function call({
  call,
  task,
  traceparent,
  maxPayloadChars,
}: Extract<ToIsolate, { readonly type: 'call' }>): Promise<void> {
  const own = new AgentSide({ call, task, traceparent, maxPayloadChars, send });
  side = own;
  try {
    send({ type: 'begun', call });
    const returned = await handle(own, maxPayloadChars);
    send({ type: 'returned', call, output: returned, unanswered: own.close() });
  } catch (error) {
    own.close();
    send({ type: 'threw', call, thrown: thrownOf(error) });
  } finally {
    if (side === own) side = undefined;
  }
}

async function handle(own: AgentSide, maxPayloadChars: number): Promise<Json> {
  if (agent === undefined) throw new Error('There is no agent yet.');
  const { inputSchema, outputSchema, name } = agent;
  const { task } = own;
  const input =
    inputSchema === undefined
      ? task.input
      : await checkSchema(inputSchema, task.input, 'REPRISE_INPUT_INVALID', `input of '${name}'`);
  const context = await own.context();
  const returned = await agent.handle({ ...task, input }, context);
  const output =
    outputSchema === undefined
      ? returned
      : await checkSchema(outputSchema, returned, 'REPRISE_OUTPUT_INVALID', `output of '${name}'`, true);
  return acceptPayload(output, `output of '${name}'`, 'REPRISE_OUTPUT_INVALID', maxPayloadChars);
}

function hear(value: unknown): void {
  const message = unwrapped<ToIsolate>(value);
  if (message === undefined) return;
  switch (message.type) {
    case 'load':
      load(message).catch(fail);
      return;
    case 'call':
      call(message).catch(fail);
      return;
    case 'abort':
      if (side?.call === message.call) side.abort(codedError(message.reason, 'REPRISE_RUN_CLOSED'));
      return;
    default:
      if (side?.call === message.call) side.heard(message);
  }
}

/** It cannot tell its pool anything: its end does. */
function fail(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

if (isMainThread) {
  onParentGone();
  const watched = watchMemory();
  process.on('uncaughtExceptionMonitor', (error) => send({ type: 'uncaught', thrown: thrownOf(error) }));
  process.on('message', (value) => {
    watched.then(() => hear(value)).catch(fail);
  });
} else parentPort?.on('message', hear);
