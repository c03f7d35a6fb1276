export { API } from './api.ts';
export { type AppParts, createApp } from './app.ts';
export { csvCell, flatRow } from './export-rows.ts';
export { openApi } from './openapi.ts';
export { type ReachOptions, reachOf } from './reach.ts';
export { assertRoutes, type Call, type Permission, type Route } from './route.ts';
export { type Dashboard, type DashboardOptions, DEFAULT_PORT, startDashboard } from './server.ts';
export { type DashboardState, LinkSessions, type Person, type Role, type Sessions } from './sessions.ts';
export {
  type Branch,
  type Change,
  type ChangedRun,
  type ChangeListener,
  type DashboardSource,
  type Following,
  type LogsQuery,
  type PageOf,
  RUN_ORDERS,
  type RunCommand,
  type RunsPage,
  type Start,
  type StateOptions,
  type UsageOptions,
  type ViewPage,
  type Who,
} from './source.ts';
export { addToken, type NewToken, readTokens, revokeToken, type Token } from './token-file.ts';
