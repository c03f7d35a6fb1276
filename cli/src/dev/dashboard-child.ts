import { main } from '../main.ts';

// `reprise dashboard` as a child of `reprise dev`: it ends with it, however that ends.
process.on('disconnect', () => process.exit(0));
await main(new URL('../../bin/run.js', import.meta.url).href, process.argv.slice(2));
