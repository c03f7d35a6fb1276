// Loaded before a program (`--import`): its clock begins at REPRISE_SCREENSHOT_TIME, and goes on from there.
const shift = Number(process.env.REPRISE_SCREENSHOT_TIME) - Date.now();
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shift);
    else super(...given);
  }
  static now() {
    return Real.now() + shift;
  }
};
