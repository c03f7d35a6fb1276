import { describeSecondKill } from './support/second-kill.ts';

describeSecondKill(true);
