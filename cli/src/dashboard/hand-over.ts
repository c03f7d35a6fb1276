import type { Dashboard, DashboardState } from '@reprise/monitor-dashboard';

/** What a dashboard of `reprise dev` leaves to the next one, which has the code as it is then. */
export interface HandedOver {
  readonly port: number;
  readonly state: DashboardState;
}

let before: HandedOver | undefined;
let serving: Dashboard | undefined;

/** Says what the dashboard that is about to begin goes on with. */
export const takeOver = (given: HandedOver | undefined): void => {
  before = given;
};

/** What the dashboard goes on with; undefined: it is the first. */
export const takenOver = (): HandedOver | undefined => before;

/** Says which dashboard this process serves. */
export const serves = (dashboard: Dashboard | undefined): void => {
  serving = dashboard;
};

/** What is to be left to the next one; undefined: none is served yet. */
export const handOver = (): HandedOver | undefined =>
  serving === undefined ? undefined : { port: serving.port, state: serving.state };
