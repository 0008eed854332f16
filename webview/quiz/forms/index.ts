import { type RegisteredForm, registered } from '../form';
import { findTheFault } from './findTheFault';
import { interview } from './interview';
import { match } from './match';
import { multipleChoice } from './multipleChoice';
import { order } from './order';
import { predictOutcome } from './predictOutcome';
import { predictSplit } from './predictSplit';
import { shortAnswer } from './shortAnswer';
import { singleChoice } from './singleChoice';

/** Every kind of question the page can ask. To add one: its file in this folder and a line here. */
export const quizForms: readonly RegisteredForm[] = [
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
