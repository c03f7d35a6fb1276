import { defineConfig } from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { kafkaTransport } from '@reprise/transport-kafka';
import { sqliteViewStore } from '@reprise/view-store-sqlite';
import { dossier } from '@reprise-examples/dependency-dossier';
import topology from './topology.json' with { type: 'json' };

// What every process of the cluster reads: those of docker-compose.yml, and those of `npm run cluster`.

const {
  KAFKA_BROKERS = '127.0.0.1:9092',
  EVENTSTOREDB_URL = 'esdb://127.0.0.1:2113?tls=false',
  // Of each orchestrator its own: a file that can be built anew.
  REPRISE_VIEWS = '.reprise/cluster-views.db',
  // Where there is a Jaeger.
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
} = process.env;

export default defineConfig({
  workflows: [dossier],
  plugins: [
    kafkaTransport({ brokers: KAFKA_BROKERS, partitions: topology.partitions }),
    eventstoredbEventStore({ connectionString: EVENTSTOREDB_URL }),
    sqliteViewStore({ path: REPRISE_VIEWS }),
    ...(endpoint === undefined ? [] : [openTelemetryMonitor({ endpoint })]),
  ],
});
