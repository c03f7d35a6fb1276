import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { DEFAULT_LOG_MONITOR_OPTIONS, resolveLogMonitorOptions } from '../src/index.ts';

const problem = (options: unknown): string => {
  try {
    resolveLogMonitorOptions(options);
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_CONFIG_INVALID')) return error.message;
    throw error;
  }
  return 'none';
};

describe('monitor-log options', () => {
  it('default to info, stderr and no payloads', () => {
    expect(resolveLogMonitorOptions()).to.deep.equal({
      level: 'info',
      destination: 2,
      format: 'auto',
      payloads: false,
    });
    expect(resolveLogMonitorOptions({ level: undefined })).to.deep.equal(DEFAULT_LOG_MONITOR_OPTIONS);
  });

  it('keep what is given', () => {
    const options = { level: 'debug', destination: 'logs/run.log', format: 'text', payloads: true } as const;
    expect(resolveLogMonitorOptions(options)).to.deep.equal(options);
  });

  for (const [options, says] of [
    [{ level: 'loud' }, /level is "loud", not one of trace, debug/],
    [{ destination: -1 }, /destination is -1/],
    [{ destination: '' }, /destination is ""/],
    [{ destination: 1.5 }, /destination is 1.5/],
    [{ format: 'xml' }, /format is "xml", not one of auto, json, text/],
    [{ payloads: 'yes' }, /payloads is "yes"/],
    [{ pretty: true }, /no option pretty; there are level, destination, format, payloads/],
    [null, /not an object/],
    [['debug'], /not an object/],
    ['debug', /not an object/],
  ] as const) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(problem(options)).to.match(says);
    });
  }
});
