import * as vscode from 'vscode';
import type { OutlineSection } from '../course/outline';
import type { ProgressState, QuizState } from '../protocol/webview';
import type { OutlineNode } from './courseTree';
import type { LabController } from './labController';

/** What the tree needs to know of an open course. */
export interface OutlineSource {
  readonly sections: readonly OutlineSection[];
  readonly language: string;
  readonly progress: Pick<ProgressState, 'sections' | 'questions' | 'due'>;
  isRead(anchor: string): boolean;
  lab(id: string): LabController | undefined;
  quiz(id: string): QuizState | null;
}

/** The tree's nodes: what is due and how far the reader has come, then the sections with their labs and questions. */
export function outlineNodes(source: OutlineSource): readonly OutlineNode[] {
  return [...learningNodes(source.progress), ...source.sections.map((section) => sectionNode(section, source))];
}

function learningNodes({ sections, questions, due }: OutlineSource['progress']): readonly OutlineNode[] {
  const node = (view: 'review' | 'progress', label: string, description: string, done: boolean): OutlineNode => ({
    label,
    anchor: view,
    kind: view,
    description,
    done,
    children: [],
  });
  return [
    node(
      'review',
      vscode.l10n.t('Review'),
      due === 0 ? vscode.l10n.t('nothing due') : vscode.l10n.t('{count} due', { count: due }),
      false,
    ),
    node(
      'progress',
      vscode.l10n.t('My progress'),
      vscode.l10n.t('{read} of {all} sections read, {known} of {questions} questions known', {
        read: sections.read,
        all: sections.all,
        known: questions.known,
        questions: questions.all,
      }),
      sections.read === sections.all && questions.known === questions.all,
    ),
  ];
}

function sectionNode(section: OutlineSection, source: OutlineSource): OutlineNode {
  const isRead = source.isRead(section.anchor);
  return {
    label: section.title,
    anchor: section.anchor,
    kind: 'section',
    description: isRead ? vscode.l10n.t('read') : '',
    done: isRead,
    children: [
      ...section.labs.flatMap((id) => labNode(id, source)),
      ...section.quizzes.map((id, index) => quizNode(id, index + 1, source)),
      ...section.children.map((child) => sectionNode(child, source)),
    ],
  };
}

function labNode(id: string, source: OutlineSource): readonly OutlineNode[] {
  const lab = source.lab(id);
  if (lab === undefined) return [];
  const { run, all } = lab.armsRun;
  return [
    {
      label: lab.title(source.language),
      anchor: `lab-${id}`,
      kind: 'lab',
      description: vscode.l10n.t('{run} of {all} run', { run, all }),
      done: run === all,
      children: [],
    },
  ];
}

function quizNode(id: string, number: number, source: OutlineSource): OutlineNode {
  const state = source.quiz(id);
  const isRight = state?.feedback?.verdict === 'right';
  const isAnswered = state !== null && state.answer !== null;
  return {
    label: vscode.l10n.t('Question {number}', { number }),
    anchor: `quiz-${id}`,
    kind: 'quiz',
    description: isRight ? vscode.l10n.t('right') : isAnswered ? vscode.l10n.t('answered') : '',
    done: isRight,
    children: [],
  };
}
