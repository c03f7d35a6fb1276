import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { ROOT } from './support/tools.ts';

interface Service {
  readonly image: string;
  readonly ports: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(`${ROOT}docker-compose.yml`, 'utf8')) as Compose;

describe('docker-compose.yml', () => {
  it('has the three services', () => {
    expect(Object.keys(compose.services)).to.have.members(['kafka', 'eventstoredb', 'jaeger']);
  });

  for (const [name, service] of Object.entries(compose.services)) {
    describe(name, () => {
      it('binds every port to the loopback interface', () => {
        expect(service.ports).not.to.deep.equal([]);
        for (const port of service.ports) expect(port).to.match(/^127\.0\.0\.1:\d+:\d+$/);
      });

      it('is pinned to a version', () => {
        expect(service.image).to.match(/:\d+\.\d+/);
      });

      it('says when it is healthy', () => {
        expect(service.healthcheck?.test[0]).to.equal('CMD');
      });

      it('uses only volumes that are declared', () => {
        const used = (service.volumes ?? []).map((volume) => volume.split(':')[0]);
        expect(Object.keys(compose.volumes)).to.include.members(used);
      });
    });
  }

  it('declares no volume that nobody uses', () => {
    const used = Object.values(compose.services).flatMap((service) => service.volumes ?? []);
    expect(used.map((volume) => volume.split(':')[0])).to.have.members(Object.keys(compose.volumes));
  });
});
