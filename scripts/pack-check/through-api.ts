import { eventStoreConformance } from '@reprise/conformance';
import { createReprise } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { logMonitor } from '@reprise/monitor-log';
import { greeting } from './greeting.ts';

const plugins = [sqliteEventStore({ path: 'history.db' }), logMonitor({ destination: 'reprise.log' })];
const reprise = await createReprise({ plugins, workflows: [greeting] });
await reprise.start();
const run = await reprise.startRun(greeting, { name: 'Ada' });
const { greeting: said } = await run.result();
await reprise.stop();
if (said !== 'Hello, Ada!') throw new Error(`The run said ${JSON.stringify(said)}.`);
if (typeof eventStoreConformance !== 'function') throw new Error('The conformance kit has no suite for event stores.');
