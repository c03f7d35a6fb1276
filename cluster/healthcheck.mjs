// HEALTHCHECK of the image: asks a path of the probes of this container, and fails unless the answer is 200.
// node healthcheck.mjs http://127.0.0.1:8080/readyz
const [url] = process.argv.slice(2);
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4000) });
  // `docker inspect` shows it.
  process.stdout.write(await answer.text());
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch (error) {
  process.stdout.write(`${url}: ${error.cause?.code ?? error.message}\n`);
  process.exitCode = 1;
}
