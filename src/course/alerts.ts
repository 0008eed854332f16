import { type Message, message } from '../base/message';

/** GitHub's five alert types and the title each is shown under. */
export const alertTitles: Readonly<Record<string, Message>> = {
  note: message('Note'),
  tip: message('Tip'),
  important: message('Important'),
  warning: message('Warning'),
  caution: message('Caution'),
};
