import { transportConformance } from '@reprise/conformance';
import { createInProcessTransport } from '@reprise/core';

transportConformance('in-process', { create: async () => createInProcessTransport() });
