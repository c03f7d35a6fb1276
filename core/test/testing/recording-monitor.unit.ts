import { monitorConformance } from '@reprise/conformance';
import { recordingMonitor } from '@reprise/core/testing';

monitorConformance('recording', { create: () => recordingMonitor(), written: ({ events }) => events.length });
