export { type RunLogOptions, runLog } from './run-log.ts';
