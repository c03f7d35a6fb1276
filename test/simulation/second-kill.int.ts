import { describeSecondKill } from './support/second-kill.ts';

describeSecondKill(false);
