import { type HandedOver, handOver, takeOver } from '../dashboard/hand-over.ts';
import { main } from '../main.ts';

// `reprise dashboard` as a child of `reprise dev`: it ends with it, however that ends. The first message says what it goes on with; any other asks
// what it leaves to the next one.
process.on('disconnect', () => process.exit(0));
const begun = Promise.withResolvers<HandedOver | undefined>();
process.once('message', (first: { readonly before?: HandedOver }) => {
  begun.resolve(first.before);
  process.on('message', () => process.send?.({ left: handOver() }));
});
takeOver(await begun.promise);
await main(new URL('../../bin/run.js', import.meta.url).href, process.argv.slice(2));
