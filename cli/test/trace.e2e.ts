import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type OtlpReceiver, otlpReceiver } from './otlp-receiver.ts';
import { jsonLines, projects, type Result, reprise } from './support.ts';

const project = projects();

const FAMILY = `name: family
version: "1"
tasks:
  twice: { workflow: { name: batch }, input: { numbers: [1, 2, 3], failOnce: 2 } }
  greeted: { agent: greeter, after: twice, input: { name: you } }
`;

const config = (endpoint: string): string => `import { defineConfig } from '@reprise/cli';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { greet } from './workflows.ts';

export default defineConfig({
  workflows: [greet, './batch.yaml', './family.yaml', './approval.yaml'],
  agents: ['./agents.mjs'],
  plugins: [
    openTelemetryMonitor({ endpoint: '${endpoint}', serviceName: 'shop', eventsPerTrace: 100, delayMs: 10 }),
  ],
});
`;

interface Exported {
  readonly runId: string;
  readonly traceId: string;
  readonly hasEnded: boolean;
  readonly spans: number;
}

const runsOf = (stdout: string): readonly Exported[] =>
  (jsonLines(stdout)[0] as { readonly runs?: readonly Exported[] } | undefined)?.runs ?? [];

/** Each once: what ended shortly before a process went on may have been sent by two. */
const sorted = (spans: readonly string[]): readonly string[] => [...new Set(spans)].toSorted();

/** `trace span parent name` of the spans of OTLP/JSON lines, and the services that they name. */
function spansIn(text: string): { readonly spans: readonly string[]; readonly services: readonly string[] } {
  type Line = {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly { readonly value: { readonly stringValue: string } }[] };
      readonly scopeSpans: readonly { readonly spans: readonly Readonly<Record<string, string>>[] }[];
    }[];
  };
  const resources = jsonLines(text).flatMap((line) => (line as unknown as Line).resourceSpans);
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return {
    spans: spans.map((one) => [one['traceId'], one['spanId'], one['parentSpanId'] || '-', one['name']].join(' ')),
    services: resources.flatMap(({ resource }) => resource.attributes.map(({ value }) => value.stringValue)),
  };
}

describe('traces', () => {
  let cwd: string;
  let live: OtlpReceiver;
  let again: OtlpReceiver;
  const say = (...args: string[]): Promise<Result> => reprise(args, { cwd });
  const done = async (...args: string[]): Promise<Result> => {
    const result = await say(...args);
    expect(result.code, result.stderr).to.equal(0);
    return result;
  };

  before(async () => {
    cwd = project();
    [live, again] = await Promise.all([otlpReceiver(), otlpReceiver()]);
    writeFileSync(join(cwd, 'reprise.config.ts'), config(live.endpoint));
    writeFileSync(join(cwd, 'family.yaml'), FAMILY);
    await done('run', 'start', 'family', '--id', 'family-1', '--wait');
  });
  after(() => Promise.all([live.stop(), again.stop()]));

  describe('trace export', () => {
    it('sends the same spans as were sent while the run went on, those of its child runs, too', async () => {
      const { stdout } = await done('trace', 'export', 'family-1', '--endpoint', again.endpoint, '--json');
      expect(sorted(again.spans)).to.deep.equal(sorted(live.spans));
      expect(again.spans).to.have.lengthOf(sorted(again.spans).length);
      expect(again.spans.filter((span) => /run (family|batch)$/.test(span))).to.have.lengthOf(2);
      const [summary] = jsonLines(stdout);
      const runs = runsOf(stdout);
      expect(summary).to.include({ to: 'otlp', where: again.endpoint, spans: again.spans.length });
      expect(runs.map(({ runId }) => runId)[0]).to.equal('family-1');
      expect(runs).to.have.lengthOf(2);
      expect(new Set(runs.map(({ traceId }) => traceId)).size, 'a child run is in the trace of its parent').to.equal(1);
      expect(runs.every(({ hasEnded }) => hasEnded)).to.equal(true);
    });

    it('writes lines of OTLP/JSON to a file, and says what', async () => {
      const { stderr } = await done('trace', 'export', 'last', '-o', 'trace.jsonl');
      const { spans, services } = spansIn(readFileSync(join(cwd, 'trace.jsonl'), 'utf8'));
      expect(services).to.deep.equal(['shop']);
      expect(stderr).to.match(/^Wrote \d+ spans of \d runs? to trace.jsonl.$/m);
      expect(live.spans).to.include.members([...spans]);
    });

    it('writes them to stdout, for those of one run alone', async () => {
      const all = spansIn((await done('trace', 'export', 'family-1', '--to', 'file')).stdout).spans;
      const own = spansIn((await done('trace', 'export', 'family-1', '--to', 'file', '--no-children')).stdout).spans;
      expect(sorted(all)).to.deep.equal(sorted(live.spans));
      expect(all).to.include.members([...own]);
      expect(own.filter((span) => span.includes(' run '))).to.have.lengthOf(1);
    });

    it('takes a query, in the place of a run or by its flag', async () => {
      for (const asked of [['workflow:family'], ['--query', 'workflow:family']]) {
        const { stdout } = await done('trace', 'export', ...asked, '--endpoint', again.endpoint, '--json');
        expect(runsOf(stdout).map(({ runId }) => runId)).to.include('family-1');
      }
      const none = await done('trace', 'export', 'workflow:nothing', '--endpoint', again.endpoint);
      expect(none.stderr).to.contain('No run fits');
    });

    it('links a retry to what it is a retry of, which another process drove', async () => {
      await say('run', 'start', 'batch', '--id', 'bad-1', '--wait', '--input', '{"numbers":[1],"broken":true}');
      await done('trace', 'export', 'bad-1', '--endpoint', again.endpoint);
      const retried = await say('run', 'retry', 'bad-1', '--id', 'bad-2', '--wait');
      expect(retried.code, 'it fails again').to.equal(1);
      const { stdout } = await done('trace', 'export', 'bad-2', '--to', 'file');
      const [traceId = '', spanId = ''] = again.spans.findLast((span) => span.endsWith(' run batch'))?.split(' ') ?? [];
      const root = /"name":"run batch".*/.exec(stdout)?.[0] ?? '';
      expect(root).to.contain('"stringValue":"retry of"');
      expect(root).to.contain(`"spanId":"${spanId}","traceId":"${traceId}"`);
    });

    it('says what of an open run has no span yet', async () => {
      await say('run', 'start', 'approval', '--id', 'open-1');
      const { stdout, stderr } = await done('trace', 'export', 'open-1', '--json', '-o', 'open.jsonl');
      expect(jsonLines(stdout)[0]).to.deep.include({ to: 'file', where: 'open.jsonl' });
      expect(runsOf(stdout)[0]).to.include({ hasEnded: false });
      expect(stderr).to.contain('Not ended yet: open-1');
    });

    it('does not say what people and models wrote, unless it is asked', async () => {
      const quiet = (await done('trace', 'export', 'bad-1', '--to', 'file')).stdout;
      const told = (await done('trace', 'export', 'bad-1', '--to', 'file', '--texts')).stdout;
      expect(quiet).to.contain('BROKEN').and.to.not.contain('the adder is broken');
      expect(told).to.contain('the adder is broken');
    });

    it('fails with a code when nobody takes them', async () => {
      const refusing = await otlpReceiver(400);
      const { code, stderr } = await say('trace', 'export', 'family-1', '--endpoint', refusing.endpoint, '--json');
      await refusing.stop();
      expect(code).to.equal(1);
      const error = jsonLines(stderr).at(-1)?.['error'] as Record<string, unknown>;
      expect(error).to.include({ code: 'REPRISE_TELEMETRY_LOST', exitCode: 1 });
      expect(error['message']).to.contain(refusing.endpoint).and.to.contain('0 had been sent');
    });

    it('finds the monitor in a configuration without code, too', async () => {
      const folder = project();
      rmSync(join(folder, 'reprise.config.ts'));
      const options = JSON.stringify({ endpoint: again.endpoint, serviceName: 'by name' });
      const plugin = `{ use: "@reprise/monitor-opentelemetry", options: ${options} }`;
      const yaml = `agents: [./agents.mjs]\nworkflows: [./batch.yaml]\nplugins: [${plugin}]\n`;
      writeFileSync(join(folder, 'reprise.config.yaml'), yaml);
      const input = '{"numbers":[1]}';
      const began = await reprise(['run', 'start', 'batch', '--wait', '--input', input], { cwd: folder });
      expect(began.code, began.stderr).to.equal(0);
      const written = await reprise(['trace', 'export', 'last', '--to', 'file'], { cwd: folder });
      expect(spansIn(written.stdout).services).to.deep.equal(['by name']);
      expect(again.spans).to.include.members([...spansIn(written.stdout).spans]);
    });

    for (const [what, args, said] of [
      ['neither a run nor a query', [], 'Name a run'],
      ['both', ['last', '--query', 'id:*'], 'not both'],
      ['an empty query', ['--query', ' '], 'The query is empty'],
      ['a file for a receiver', ['last', '--to', 'otlp', '-o', 'x'], '--output is for'],
      ['a receiver for a file', ['last', '--to', 'file', '--endpoint', 'http://x'], '--endpoint is for'],
      ['an endpoint that is none', ['last', '--endpoint', 'localhost:4318'], 'is no URL'],
      ['two things on stdout', ['last', '--to', 'file', '--json'], '--output'],
      ['another place', ['last', '--to', 'jaeger'], 'jaeger'],
      ['a folder that is not there', ['last', '-o', 'no/such/file'], 'its folder is not there'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { code, stderr } = await say('trace', 'export', ...args);
        expect(code, stderr).to.equal(2);
        expect(stderr).to.contain(said);
      });
    }

    it('says so when there is no such run', async () => {
      expect((await say('trace', 'export', 'nobody')).code).to.equal(3);
    });
  });

  describe('trace open', () => {
    const traceId = (): string => live.spans[0]?.split(' ')[0] ?? '';

    it('prints the address of the trace, where nobody looks', async () => {
      const { stdout } = await done('trace', 'open', 'family-1');
      expect(stdout).to.equal(`http://127.0.0.1:16686/trace/${traceId()}\n`);
    });

    it('takes where that is, from a flag or the environment', async () => {
      const flag = await done('trace', 'open', 'family-1', '--print', '--url', 'https://x.example/t?id={traceId}#top');
      expect(flag.stdout).to.equal(`https://x.example/t?id=${traceId()}#top\n`);
      const env = { REPRISE_TRACE_URL: 'https://jaeger.example/base/' };
      const set = await reprise(['trace', 'open', 'family-1', '--json'], { cwd, env });
      expect(jsonLines(set.stdout)[0]).to.deep.equal({
        runId: 'family-1',
        traceId: traceId(),
        url: `https://jaeger.example/base/trace/${traceId()}`,
      });
    });

    it('refuses an address that is none', async () => {
      for (const url of ['jaeger', 'javascript:alert(1)//{traceId}']) {
        const { code, stderr } = await say('trace', 'open', 'last', '--url', url);
        expect(code).to.equal(2);
        expect(stderr).to.contain('no address');
      }
    });
  });
});
