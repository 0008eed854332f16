import { type RegisteredKind, registered } from '../quiz';
import { findTheFault } from './findTheFault';
import { interview } from './interview';
import { match } from './match';
import { multipleChoice } from './multipleChoice';
import { order } from './order';
import { predictOutcome } from './predictOutcome';
import { predictSplit } from './predictSplit';
import { shortAnswer } from './shortAnswer';
import { singleChoice } from './singleChoice';

/** Every kind of question a course may ask. To add one: its file in this folder and a line here. */
export const quizKinds: readonly RegisteredKind[] = [
  registered(singleChoice),
  registered(multipleChoice),
  registered(predictSplit),
  registered(predictOutcome),
  registered(shortAnswer),
  registered(order),
  registered(match),
  registered(findTheFault),
  registered(interview),
];
