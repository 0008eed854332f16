import * as vscode from 'vscode';
import { ReaderError } from '../base/errors';
import { type Catalog, message, renderMessage } from '../base/message';
import type { ExerciseDefinition } from '../lab/exercise';
import { inLanguage } from '../lab/labDefinition';
import type { ExerciseVerdict, Words } from '../protocol/exercise';
import type { FromWebview, ProgressState } from '../protocol/webview';
import type { OutlineNode } from './courseTree';
import { compareWithSolution, openExercise, replaceExercise, saveExercise } from './exerciseFiles';
import { type LabController, Refusal } from './labController';
import type { WorkingCopy } from './workingCopy';

export interface ExerciseDeskOptions {
  readonly labs: ReadonlyMap<string, LabController>;
  readonly copies: WorkingCopy;
  language(): string;
  catalog(): Catalog;
  /** Throws Refusal where no server may be started. */
  refuseStart(lab: LabController): void;
}

export interface ExercisePlace {
  readonly lab: string;
  readonly exercise: string;
}

type Action = Extract<FromWebview, { readonly type: 'exercise' }>['do'];

/** What a reader does with the exercises of a course, from the page and from the editor. */
export class ExerciseDesk {
  readonly #options: ExerciseDeskOptions;

  constructor(options: ExerciseDeskOptions) {
    this.#options = options;
  }

  /** In the order of the labs. */
  get all(): readonly ExercisePlace[] {
    return [...this.#options.labs.values()].flatMap((lab) =>
      lab.exercises.all.map(({ id }) => ({ lab: lab.definition.id, exercise: id })),
    );
  }

  /** Of these labs. */
  counts(labs: readonly string[]): ProgressState['exercises'] {
    const shown = labs.flatMap((id) => this.#options.labs.get(id)?.exercises.progress ?? []);
    return {
      solved: shown.reduce((sum, { solved }) => sum + solved, 0),
      all: shown.reduce((sum, { all }) => sum + all, 0),
    };
  }

  /** The lines of a lab's exercises in the course tree. */
  outline(lab: LabController): readonly OutlineNode[] {
    return lab.exercises.all.map(({ id, title }) => {
      const done = lab.exercises.isSolved(id);
      return {
        label: vscode.l10n.t('Exercise: {title}', { title: inLanguage(title, this.#options.language()) }),
        anchor: `exercise-${lab.definition.id}-${id}`,
        kind: 'exercise',
        description: done ? vscode.l10n.t('solved') : '',
        done,
        children: [],
      };
    });
  }

  /** Throws Refusal. */
  async workOn(lab: LabController, id: string, action: Action): Promise<void> {
    const exercise = named(lab, id);
    try {
      await this.#act(lab, exercise, action);
    } catch (error) {
      if (error instanceof ReaderError) throw new Refusal(error.readerMessage, [], 'exercise');
      throw error;
    }
  }

  async #act(lab: LabController, exercise: ExerciseDefinition, action: Action): Promise<void> {
    switch (action) {
      case 'open':
        return openExercise(lab, exercise);
      case 'check':
        await this.check(lab, exercise.id);
        return;
      case 'hint':
        return lab.exercises.showHint(exercise);
      case 'compare':
        return compareWithSolution(lab, exercise);
      case 'solve':
        return replaceExercise(lab, exercise, 'solution');
      case 'reset':
        await replaceExercise(lab, exercise, 'start');
        return lab.exercises.startOver(exercise);
    }
  }

  /** Checks what the reader sees: the file is saved first. null: it was ended before there was a verdict. Throws Refusal. */
  async check(lab: LabController, id: string): Promise<ExerciseVerdict | null> {
    this.#options.refuseStart(lab);
    await saveExercise(lab, named(lab, id));
    return lab.check(id);
  }

  /** The exercise whose file is in the active editor, else one of the reader's choice. */
  async choose(): Promise<ExercisePlace | undefined> {
    const active = vscode.window.activeTextEditor?.document.uri.fsPath;
    const copy = active === undefined ? null : this.#options.copies.identify(active);
    const exercise = copy === null ? undefined : this.#options.labs.get(copy.lab)?.exercises.ofFile(copy.file);
    if (copy !== null && exercise !== undefined) return { lab: copy.lab, exercise: exercise.id };
    const language = this.#options.language();
    const items = [...this.#options.labs.values()].flatMap((lab) =>
      lab.exercises.all.map(({ id, title }) => ({
        label: inLanguage(title, language),
        description: lab.title(language),
        lab: lab.definition.id,
        exercise: id,
      })),
    );
    return vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which exercise?') });
  }

  /** Says in a sentence that it is solved, or the first thing that is not as wanted; leads to the place with the rest. */
  async tell(verdict: ExerciseVerdict, anchor: string): Promise<void> {
    const see = vscode.l10n.t('See the verdict');
    const show = verdict.solved ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
    if ((await show(this.#sentence(verdict), see)) !== see) return;
    await vscode.commands.executeCommand('trafficLab.openCourse', anchor);
  }

  #sentence({ solved, problems, expectations }: ExerciseVerdict): string {
    if (solved) return vscode.l10n.t('Solved: everything was measured as wanted.');
    const say = (words: Words) =>
      'message' in words
        ? renderMessage(words.message, this.#options.catalog())
        : inLanguage(words.written, this.#options.language());
    const [problem] = problems;
    const unmet = expectations.find(({ met }) => !met);
    const reason =
      problem !== undefined
        ? [say({ message: problem.message })]
        : unmet === undefined
          ? []
          : [
              say({
                message: message('{name}: measured {seen}, wanted {wanted}.', {
                  name: say(unmet.name),
                  seen: say({ message: unmet.seen }),
                  wanted: say({ message: unmet.wanted }),
                }),
              }),
              ...(unmet.help === null ? [] : [say(unmet.help)]),
            ];
    return [vscode.l10n.t('Not solved yet.'), ...reason].join(' ');
  }
}

function named(lab: LabController, id: string): ExerciseDefinition {
  const exercise = lab.exercises.named(id);
  if (exercise !== undefined) return exercise;
  throw new Refusal(message('There is no exercise “{id}” in this lab.', { id }), [], 'exercise');
}
