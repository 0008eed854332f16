import * as vscode from 'vscode';
import { type FromWebview, parseFromWebview, type ToWebview } from '../protocol/webview';
import { pageHtml, pageRoots } from './pageHtml';

/**
 * The course page as a webview panel: carries messages, and knows of them only when there is a page to take them. One that
 * is still being loaded, or has no course yet, is told where to go as soon as it can.
 */
export class CoursePanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #received = new vscode.EventEmitter<FromWebview>();
  readonly #shown = new vscode.EventEmitter<void>();
  readonly #closed = new vscode.EventEmitter<void>();
  /** 'none': hidden, or still being loaded; 'empty': without a course. */
  #page: 'none' | 'empty' | 'filled' = 'none';
  #place: Extract<ToWebview, { readonly type: 'reveal' }> | null = null;
  readonly onMessage = this.#received.event;
  /** It came into view after having been hidden: hidden webviews get no messages. */
  readonly onShown = this.#shown.event;
  readonly onClosed = this.#closed.event;

  /** A new panel, or one that VS Code restored after a reload. */
  constructor(
    viewType: string,
    extensionUri: vscode.Uri,
    title: string,
    language: string,
    restored?: vscode.WebviewPanel,
  ) {
    this.#panel = restored ?? vscode.window.createWebviewPanel(viewType, title, vscode.ViewColumn.Active);
    this.#panel.title = title;
    this.#panel.iconPath = {
      light: vscode.Uri.joinPath(extensionUri, 'media', 'course-light.svg'),
      dark: vscode.Uri.joinPath(extensionUri, 'media', 'course-dark.svg'),
    };
    const { webview } = this.#panel;
    webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extensionUri)] };
    webview.onDidReceiveMessage((raw: unknown) => {
      const message = parseFromWebview(raw);
      if (message?.type === 'ready') this.#page = 'empty';
      if (message !== null) this.#received.fire(message);
    });
    // Told, too, when only the focus moved between the page and a file beside it.
    let wasVisible = this.#panel.visible;
    this.#panel.onDidChangeViewState(() => {
      const { visible } = this.#panel;
      if (!visible) this.#page = 'none';
      if (visible && !wasVisible) this.#shown.fire();
      wasVisible = visible;
    });
    this.#panel.onDidDispose(() => {
      this.#closed.fire();
      this.dispose();
    });
    webview.html = pageHtml(webview, extensionUri, title, language);
  }

  get visible(): boolean {
    return this.#panel.visible;
  }

  set title(title: string) {
    this.#panel.title = title;
  }

  post(message: ToWebview): void {
    if (message.type === 'reveal' && this.#page !== 'filled') {
      this.#place = message;
      return;
    }
    if (!this.#panel.visible) return;
    void this.#panel.webview.postMessage(message);
    if (message.type !== 'course' || this.#page === 'none') return;
    this.#page = 'filled';
    if (this.#place !== null) void this.#panel.webview.postMessage(this.#place);
    this.#place = null;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  close(): void {
    this.#panel.dispose();
  }

  dispose(): void {
    this.#received.dispose();
    this.#shown.dispose();
    this.#closed.dispose();
  }
}
