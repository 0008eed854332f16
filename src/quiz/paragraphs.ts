import type { YamlPath } from '../base/yamlSource';
import type { QuizSource } from './quizKind';

/** Text of several paragraphs, with a blank line between them, as safe HTML; each is inline Markdown. */
export function renderParagraphs(source: Pick<QuizSource, 'renderInline'>, text: string, path: YamlPath): string {
  return text
    .trim()
    .split(/\n[ \t]*\n\s*/)
    .map((paragraph) => `<p>${source.renderInline(paragraph, path)}</p>`)
    .join('\n');
}
