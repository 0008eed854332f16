import MarkdownIt, { type MarkdownIt as Markdown, type StateBlock, type StateInline } from 'markdown-it';
import GitHubAlerts from 'markdown-it-github-alerts';
import type { Message } from '../base/message';
import { alertTitles } from './alerts';
import { isImagePath, linkTarget } from './links';

/**
 * Markdown as courses use it: CommonMark, tables, GitHub alerts, explicit anchors. Safe by construction: no HTML of the
 * author passes (`html: false`), and links and images that are not allowed lose their target again when rendered, whatever
 * was or was not checked before.
 *
 * An anchor is `<a id="name"></a>`, mostly on a line of its own above a heading: the one form that every Git host both hides
 * and lets links lead to. It is recognised literally and is the only tag there is.
 */
export function courseMarkdown(render: (text: Message) => string): Markdown {
  const md = new MarkdownIt({ html: false, linkify: false, typographer: false });
  const titles = Object.fromEntries(Object.entries(alertTitles).map(([type, title]) => [type, render(title)]));
  // The titles are drawn here: the plugin's own rendering does not escape what stands behind the marker.
  md.use(GitHubAlerts, { icons: {}, titles, matchCaseSensitive: true });
  md.renderer.rules.alert_open = (tokens, index) => {
    const meta = tokens[index]?.meta ?? {};
    const type = md.utils.escapeHtml(String(meta.type ?? 'note'));
    const title = md.utils.escapeHtml(String(meta.title ?? ''));
    return `<div class="markdown-alert markdown-alert-${type}" role="note"><p class="markdown-alert-title">${title}</p>\n`;
  };

  // Checked with its place in the file by inspectInline; refused there, not silently by the parser.
  md.validateLink = () => true;
  md.renderer.rules.link_open = (tokens, index, options, _env, self) => {
    const token = tokens[index];
    const href = String(token?.attrGet('href') ?? '');
    if (token?.tag === 'a' && linkTarget(href).kind === 'refused') token.attrs = null;
    return self.renderToken(tokens, index, options);
  };
  const image = md.renderer.rules.image;
  md.renderer.rules.image = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const isChecked = token?.meta?.asset === true || isImagePath(String(token?.attrGet('src') ?? ''));
    if (token === undefined || image === undefined || !isChecked) return md.utils.escapeHtml(token?.content ?? '');
    return image(tokens, index, options, env, self);
  };

  md.inline.ruler.before('html_inline', 'anchor', anchorRule);
  md.renderer.rules.anchor = (tokens, index) =>
    `<span id="${md.utils.escapeHtml(tokens[index]?.content ?? '')}"></span>`;
  md.renderer.rules.term = (tokens, index) => {
    const { content = '', meta } = tokens[index] ?? {};
    return `<span class="term" data-term="${md.utils.escapeHtml(String(meta?.term ?? ''))}">${md.utils.escapeHtml(content)}</span>`;
  };
  md.block.ruler.before('html_block', 'comment', commentRule, { alt: ['paragraph', 'reference', 'blockquote'] });
  return md;
}

/** Also what a fragment of a link may be. */
export const anchorName = /^[a-z0-9][a-z0-9-]{0,79}$/;

function anchorRule(state: StateInline, silent: boolean): boolean {
  const match = /^<a id="([^"]*)"><\/a>/.exec(state.src.slice(state.pos, state.pos + 120));
  const name = match?.[1];
  if (match === null || name === undefined || !anchorName.test(name)) return false;
  if (!silent) state.push('anchor', '', 0).content = name;
  state.pos += match[0].length;
  return true;
}

/** Drops `<!-- ... -->` that begins a line: notes of authors to each other. */
function commentRule(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const lineAt = (line: number): string =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line] ?? 0);
  if (!lineAt(startLine).startsWith('<!--')) return false;
  for (let line = startLine; line < endLine; line++) {
    const text = lineAt(line);
    const end = text.indexOf('-->');
    if (end === -1) continue;
    if (text.slice(end + 3).trim() !== '') return false;
    if (!silent) state.line = line + 1;
    return true;
  }
  return false;
}
