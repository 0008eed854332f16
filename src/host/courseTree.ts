import * as vscode from 'vscode';

/** A line of the course tree. */
export interface OutlineNode {
  readonly label: string;
  readonly anchor: string;
  /** 'review' and 'progress' lead to pages of their own. */
  readonly kind: 'section' | 'lab' | 'exercise' | 'quiz' | 'review' | 'progress';
  /** "read", "2 of 3 runs" ...; ''. */
  readonly description: string;
  readonly done: boolean;
  readonly children: readonly OutlineNode[];
}

const ICONS = {
  section: 'book',
  lab: 'beaker',
  exercise: 'tools',
  quiz: 'question',
  review: 'history',
  progress: 'graph',
} as const;
const OWN_COMMANDS = { review: 'trafficLab.review', progress: 'trafficLab.showProgress' } as const;

/** The course in the activity bar: sections, the labs and questions in them, and what is done. */
export class CourseTree implements vscode.TreeDataProvider<OutlineNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #load: () => Promise<readonly OutlineNode[]>;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(load: () => Promise<readonly OutlineNode[]>) {
    this.#load = load;
  }

  refresh(): void {
    this.#changed.fire();
  }

  getTreeItem(node: OutlineNode): vscode.TreeItem {
    const item = new vscode.TreeItem(
      node.label,
      node.children.length === 0 ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded,
    );
    item.id = `${node.kind}:${node.anchor}`;
    item.description = node.description;
    item.iconPath = new vscode.ThemeIcon(node.done ? 'pass-filled' : ICONS[node.kind]);
    item.command =
      node.kind === 'review' || node.kind === 'progress'
        ? { command: OWN_COMMANDS[node.kind], title: node.label }
        : { command: 'trafficLab.openCourse', title: node.label, arguments: [node.anchor] };
    const state = node.done ? vscode.l10n.t('done') : vscode.l10n.t('not done yet');
    item.accessibilityInformation = { label: `${node.label}, ${node.description || state}` };
    return item;
  }

  async getChildren(node?: OutlineNode): Promise<OutlineNode[]> {
    return [...(node === undefined ? await this.#load() : node.children)];
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
