import { strategyConformance } from '@reprise/conformance';
import { graphStrategy } from '@reprise/core';

strategyConformance('graph', { create: () => graphStrategy });
