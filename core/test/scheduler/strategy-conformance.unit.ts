import { strategyConformance } from '@reprise/conformance';
import { graphStrategy, sequentialStrategy } from '@reprise/core';

strategyConformance('graph', { create: () => graphStrategy });
strategyConformance('sequential', { create: () => sequentialStrategy });
