import { type RegisteredKind, registered } from '../quiz';
import { multipleChoice } from './multipleChoice';
import { predictSplit } from './predictSplit';
import { singleChoice } from './singleChoice';

/** Every kind of question a course may ask. To add one: its file in this folder and a line here. */
export const quizKinds: readonly RegisteredKind[] = [
  registered(singleChoice),
  registered(multipleChoice),
  registered(predictSplit),
];
