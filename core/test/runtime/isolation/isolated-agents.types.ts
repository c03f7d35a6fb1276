// What isolatedAgent() knows of an agent that it never loads here. Checked by the compiler alone.
import { type Agent, isolatedAgent, type Json, type WorkflowOutput, workflow } from '@reprise/core';
import { z } from 'zod';
import type { greeter, shout } from './agents.ts';
import type { strict } from './talking-agents.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(_proof?: T): void => undefined;

type Gives<A> = A extends Agent<infer Input, infer Output> ? [Input, Output] : never;

const where = { name: 'x', module: 'file:///x.ts', isolation: 'thread' } as const;

// Of an agent, of a function, and of a function that makes one.
const ofAgent = isolatedAgent<typeof strict>(where);
same<Equal<Gives<typeof ofAgent>[1], { n: number }>>();
const ofFunction = isolatedAgent<typeof shout>(where);
same<Equal<Gives<typeof ofFunction>, [string, string]>>();
const made = isolatedAgent<typeof greeter>({ ...where, options: { word: 'Hello' } });
same<Equal<Gives<typeof made>, [string, string]>>();
const untold = isolatedAgent(where);
same<Equal<Gives<typeof untold>, [Json, Json]>>();

const chained = workflow<string>('chained').task('shout', ofFunction).task('greet', made, { after: 'shout' }).build();
same<Equal<WorkflowOutput<typeof chained>, string>>();
// @ts-expect-error: it takes a text
workflow<number>('mistold').task('shout', ofFunction);

isolatedAgent<typeof shout>({ ...where, inputSchema: z.string() });
// @ts-expect-error: the agent takes a text
isolatedAgent<typeof shout>({ ...where, inputSchema: z.number() });
// @ts-expect-error: a function cannot be isolated
isolatedAgent({ ...where, handle: () => null });
// @ts-expect-error: there is no such place
isolatedAgent({ ...where, isolation: 'fork' });
// @ts-expect-error: there is no such limit
isolatedAgent({ ...where, limits: { memory: 5 } });
