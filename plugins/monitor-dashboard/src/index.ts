export { API } from './api.ts';
export { type AppParts, createApp } from './app.ts';
export { csvCell, flatRow } from './export-rows.ts';
export { openApi } from './openapi.ts';
export { type ReachOptions, reachOf } from './reach.ts';
export { assertRoutes, type Call, type Permission, type Route } from './route.ts';
export { type Dashboard, type DashboardOptions, DEFAULT_PORT, startDashboard } from './server.ts';
export { type DashboardState, LinkSessions, type Person, type Role, type Sessions } from './sessions.ts';
export type {
  Branch,
  Change,
  ChangedRun,
  ChangeListener,
  DashboardSource,
  Following,
  LogsQuery,
  PageOf,
  RunCommand,
  Start,
  StateOptions,
  UsageOptions,
  ViewPage,
  Who,
} from './source.ts';
export { addToken, type NewToken, readTokens, revokeToken, type Token } from './token-file.ts';
