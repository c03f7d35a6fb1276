import { join } from 'node:path';
import { createReprise, defineAgent, type Orchestrator, parseWorkflow } from '@reprise/core';
import { INSTRUMENTS } from '@reprise/core/plugin';
import { openTelemetryMonitor } from '@reprise/monitor-opentelemetry';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { freePorts } from './support/free-ports.ts';
import { lacksPrometheus, Prometheus } from './support/prometheus.ts';

const isWanted = process.env['REPRISE_TEST_SERVICES'] !== undefined;
const lacking = isWanted ? await lacksPrometheus() : 'only npm run test:services starts one';

const FLOW = `
name: counted
tasks:
  one: { agent: worker, retry: { maxAttempts: 3, initialDelay: 1ms } }
  two: { agent: worker, after: one, retry: 1 }
`;
const RULES = join(import.meta.dirname, '../../plugins/monitor-opentelemetry/grafana/alerts.yaml');

describe('metrics in Prometheus', function () {
  this.timeout(60_000);
  if (lacking !== undefined) {
    it(`are not checked, because ${lacking}`);
    return;
  }
  let reprise: Orchestrator;
  let prometheus: Prometheus;
  before(async () => {
    const [port = 0] = await freePorts(1);
    const worker = defineAgent({
      name: 'worker',
      handle: ({ taskId, attempt }) => {
        if (taskId === 'one' && attempt === 1) throw Object.assign(new Error('not yet'), { code: 'NOT_YET' });
        return null;
      },
    });
    reprise = await createReprise({
      workflows: [parseWorkflow(FLOW)],
      agents: [worker],
      plugins: [openTelemetryMonitor({ traces: false, prometheus: { port } })],
    });
    await reprise.start();
    prometheus = await Prometheus.open(`127.0.0.1:${port}`, RULES);
  });
  after(async () => {
    await prometheus?.stop();
    await reprise?.stop();
  });

  /** Waits until it has scraped that. */
  async function becomes(expression: string, value: number): Promise<void> {
    for (;;) {
      const [sample] = await prometheus.query(expression);
      if (sample?.value === value) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('count runs, attempts and retries', async () => {
    for (let index = 0; index < 5; index += 1) await (await reprise.startRun('counted', null)).outcome();
    await becomes('reprise_runs_ended_total{reprise_workflow_name="counted",reprise_run_status="completed"}', 5);
    await becomes('reprise_attempts_retried_total{gen_ai_agent_name="worker",error_type="NOT_YET"}', 5);
    await becomes('sum(reprise_attempts_ended_total{gen_ai_agent_name="worker"})', 15);
    await becomes('reprise_attempt_duration_count{gen_ai_agent_name="worker"}', 15);
    await becomes('reprise_runs_open', 0);
  });

  it('have the names that the page, the dashboard and the alerts know', async () => {
    const plain = (name: string): string => name.replaceAll('.', '_');
    const known = Object.values(INSTRUMENTS).flatMap(({ name, kind }) => {
      if (kind === 'counter') return [`${plain(name)}_total`];
      return kind === 'gauge' ? [plain(name)] : ['_bucket', '_count', '_sum'].map((end) => plain(name) + end);
    });
    const ours = (await prometheus.names()).filter((name) => /^(reprise|nodejs)_/.test(name));
    expect(ours).to.include.members([
      'reprise_runs_started_total',
      'reprise_run_duration_bucket',
      'nodejs_eventloop_delay_p99',
    ]);
    expect(ours.filter((name) => !known.includes(name))).to.deep.equal([]);
  });

  it('are asked by alerts that Prometheus understands', async () => {
    for (;;) {
      const rules = await prometheus.rules();
      expect(rules).to.have.length.above(8);
      const unwell = rules.filter(({ health }) => health !== 'ok');
      if (unwell.length === 0) return;
      expect(unwell.filter(({ health }) => health === 'err')).to.deep.equal([]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
});
