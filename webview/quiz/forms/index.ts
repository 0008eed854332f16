import { type RegisteredForm, registered } from '../form';
import { multipleChoice } from './multipleChoice';
import { predictSplit } from './predictSplit';
import { singleChoice } from './singleChoice';

/** Every kind of question the page can ask. To add one: its file in this folder and a line here. */
export const quizForms: readonly RegisteredForm[] = [
  registered(singleChoice),
  registered(multipleChoice),
  registered(predictSplit),
];
