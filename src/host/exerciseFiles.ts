import * as vscode from 'vscode';
import type { ExerciseDefinition } from '../lab/exercise';
import { columnOf } from './columns';
import { CONF_LANGUAGE } from './conf/confFeatures';
import { editCopy } from './conf/editCopy';
import type { LabController } from './labController';

const SOLUTION_SCHEME = 'traffic-lab-solution';

/** Shows solutions beside the reader's files: as documents that cannot be written to, so that the originals stay. */
export class SolutionDocuments implements vscode.Disposable {
  readonly #registration: vscode.Disposable;

  constructor(lab: (id: string) => LabController | undefined) {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SOLUTION_SCHEME, {
      async provideTextDocumentContent(uri) {
        const [, labId = '', file = ''] = uri.path.split('/');
        const exercises = lab(labId)?.exercises;
        const exercise = exercises?.all.find(({ solution }) => solution === file);
        return exercise === undefined ? null : (exercises?.original(exercise.solution) ?? null);
      },
    });
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

/** Opens the reader's copy beside the course; the tab it is in already if there is one. */
export async function openExercise(lab: LabController, exercise: ExerciseDefinition): Promise<void> {
  const uri = vscode.Uri.file(await lab.exercises.ensureFile(exercise));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { viewColumn: columnOf(uri), preview: false });
  // It may have been made just now.
  lab.refresh();
}

/** The reader's file and the solution side by side, in VS Code's comparison. */
export async function compareWithSolution(lab: LabController, exercise: ExerciseDefinition): Promise<void> {
  const own = vscode.Uri.file(await lab.exercises.ensureFile(exercise));
  const solution = vscode.Uri.from({ scheme: SOLUTION_SCHEME, path: `/${lab.definition.id}/${exercise.solution}` });
  const document = await vscode.workspace.openTextDocument(solution);
  if (exercise.edits.kind === 'conf') await vscode.languages.setTextDocumentLanguage(document, CONF_LANGUAGE);
  await vscode.commands.executeCommand(
    'vscode.diff',
    own,
    solution,
    vscode.l10n.t('{file}: yours ↔ solution', { file: exercise.file }),
    { viewColumn: columnOf(own), preview: true } satisfies vscode.TextDocumentShowOptions,
  );
  await lab.exercises.solutionShown(exercise);
}

/** Puts another text into the reader's file, where the editor's undo can take it back. */
export async function replaceExercise(
  lab: LabController,
  exercise: ExerciseDefinition,
  file: 'start' | 'solution',
): Promise<void> {
  const text = await lab.exercises.original(exercise[file]);
  const copy = await lab.exercises.ensureFile(exercise);
  await editCopy(copy, () => text);
  lab.refresh();
}

/** What is checked is what the reader sees. */
export async function saveExercise(lab: LabController, exercise: ExerciseDefinition): Promise<void> {
  const uri = vscode.Uri.file(await lab.exercises.ensureFile(exercise)).toString();
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
  if (open?.isDirty === true) await open.save();
}
