// The protocol server of the EventStoreDB plugin's tests, in a process of its own: history in memory. Says where it is in its first line.
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';

const server = await new ProtocolServer().start();
process.stdout.write(`${server.connectionString}\n`);
process.on('SIGTERM', () => {
  void server.stop().finally(() => process.exit(0));
});
