import { eventStoreConformance } from '@reprise/conformance';
import { createInMemoryEventStore } from '@reprise/core';

eventStoreConformance('in-memory', { create: async () => createInMemoryEventStore() });
