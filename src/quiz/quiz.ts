import type { Problem } from '../base/problem';
import { ok, type Result } from '../base/result';
import type {
  Experiment,
  MeasuredReadings,
  MeasuredShares,
  OptionOrder,
  QuizFeedback,
  QuizItemBase,
  QuizKind,
  QuizSource,
  QuizViewBase,
} from './quizKind';

/** One question of a course with its kind bound in: what course and host work with, whatever the kind. */
export interface Quiz {
  readonly id: string;
  readonly kind: string;
  view(order: OptionOrder): QuizViewBase;
  isAnswer(raw: unknown): boolean;
  /** null: `raw` is not an answer to this question. */
  grade(raw: unknown, measured: MeasuredShares, readings?: MeasuredReadings): QuizFeedback | null;
  /** The answer as it counts after the reader overruled earlier ones; the same object where that changes nothing. */
  asOverruled(raw: unknown, earlier: readonly unknown[]): unknown;
  readonly experiment: Experiment | null;
  /** See QuizKind.key; canonical JSON text. */
  readonly key: string;
}

/** A kind as the registry holds it. */
export interface RegisteredKind {
  readonly kind: string;
  parse(source: QuizSource): Result<Quiz, readonly Problem[]>;
}

/** Closes a kind over its own item, view and answer types, so that kinds of different types fit one list. */
export function registered<Item extends QuizItemBase, View extends QuizViewBase, Answer>(
  kind: QuizKind<Item, View, Answer>,
): RegisteredKind {
  return {
    kind: kind.kind,
    parse(source) {
      const parsed = kind.parse(source);
      return parsed.ok ? ok(bind(kind, parsed.value)) : parsed;
    },
  };
}

function bind<Item extends QuizItemBase, View extends QuizViewBase, Answer>(
  kind: QuizKind<Item, View, Answer>,
  item: Item,
): Quiz {
  return {
    id: item.id,
    kind: item.kind,
    view: (order) => kind.view(item, order),
    isAnswer: (raw) => kind.parseAnswer(item, raw) !== null,
    grade(raw, measured, readings = () => null) {
      const answer = kind.parseAnswer(item, raw);
      return answer === null ? null : kind.grade(item, answer, measured, readings);
    },
    asOverruled(raw, earlier) {
      const answer = kind.parseAnswer(item, raw);
      if (answer === null || kind.asOverruled === undefined) return raw;
      const own = earlier.flatMap((one) => kind.parseAnswer(item, one) ?? []);
      const counted = kind.asOverruled(item, answer, own as readonly Answer[]);
      return counted === answer ? raw : counted;
    },
    experiment: item.experiment,
    key: JSON.stringify([item.kind, kind.key(item)]),
  };
}
