import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTES, INSTRUMENTS, type Instrument } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';

// The files for Grafana and Prometheus ask for what there is.

const FOLDER = join(import.meta.dirname, '..', 'grafana');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

const plain = (name: string): string => name.replaceAll('.', '_');

/** As the endpoint for Prometheus writes them: prometheus.int.ts compares that with what one has. */
function namesOf({ name, kind }: Instrument): readonly string[] {
  if (kind === 'counter') return [`${plain(name)}_total`];
  if (kind === 'gauge') return [plain(name)];
  return ['_bucket', '_sum', '_count'].map((suffix) => plain(name) + suffix);
}

const METRICS = new Set(Object.values(INSTRUMENTS).flatMap(namesOf));
const LABELS = new Set([...Object.values(ATTRIBUTES).map(plain), 'le', 'instance']);

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

const targets = (JSON.parse(read('dashboard.json')) as Dashboard).panels.flatMap(({ targets: own = [] }) => own);
const rules = (parse(read('alerts.yaml')) as Rules).groups.flatMap((group) => group.rules);
const expressions = [...targets, ...rules].map(({ expr }) => expr);

const metricsIn = (text: string): readonly string[] => {
  const withoutLabels = text.replaceAll(/by \([^)]*\)|\{[^}]*\}/g, '');
  return [...withoutLabels.matchAll(/\b(?:reprise|nodejs)_\w+/g)].map(([name]) => name);
};

/** What series are grouped by, picked by, or told by. */
const labelsIn = (text: string): readonly string[] => [
  ...[...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim())),
  ...[...text.matchAll(/[{,]\s*(\w+)=~?"/g)].map(([, label = '']) => label),
  ...[...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = '']) => label),
];

describe('the dashboard and the alerts', () => {
  it('ask for metrics that there are', () => {
    const asked = expressions.map((expr) => ({ expr, metrics: metricsIn(expr) }));
    expect(asked.filter(({ metrics }) => metrics.length === 0)).to.deep.equal([]);
    expect(asked.flatMap(({ metrics }) => metrics).filter((name) => !METRICS.has(name))).to.deep.equal([]);
  });

  it('show every metric that there is', () => {
    const shown = targets.flatMap(({ expr }) => metricsIn(expr));
    const missing = Object.values(INSTRUMENTS).filter((one) => !namesOf(one).some((name) => shown.includes(name)));
    expect(missing.map(({ name }) => name)).to.deep.equal([]);
  });

  it('pick and group by attributes that there are', () => {
    const texts = [
      ...expressions,
      ...targets.map(({ legendFormat }) => legendFormat),
      ...rules.map(({ annotations }) => annotations.summary),
    ];
    const labels = texts.flatMap(labelsIn);
    expect(labels).to.include.members(['error_type', 'reprise_run_status', 'le']);
    expect(labels.filter((label) => !LABELS.has(label))).to.deep.equal([]);
  });

  it('have alerts of names of their own', () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).to.have.length.above(8);
    expect(new Set(names).size).to.equal(names.length);
  });

  it('have alerts that the runbook says what to do about', () => {
    const runbook = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'runbook.md'), 'utf8');
    const told = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(told).to.deep.equal(rules.map(({ alert }) => alert));
  });
});
