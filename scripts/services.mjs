#!/usr/bin/env node
// Starts what Reprise grows on, for trying it on one machine: Kafka (Java 17 and Maven) and a stand-in for EventStoreDB. Ends with Ctrl-C.
import { run } from './lib/child.mjs';
import { inRoot, repositoryNode } from './lib/repository.mjs';

const program = ['--conditions=reprise-source', inRoot('test', 'services', 'serve.ts')];
const { code } = await run(repositoryNode(), program, { env: { REPRISE_TEST_SERVICES: '1' } });
process.exitCode = code;
