import type { Token } from 'markdown-it';
import { type Message, message } from '../base/message';
import type { LabReference } from '../quiz/quizKind';
import { isImagePath, linkTarget } from './links';
import { isMeasured, linkToLab, measuredTarget, wrongMeasured } from './measuredLink';

export interface InlineRules {
  readonly anchors: ReadonlySet<string>;
  readonly labs: readonly LabReference[];
  /** A measured value of this lab is linked, so that the lab should stand somewhere in the document. */
  readonly onMeasured: (lab: string, needle: string) => void;
  /** Address the page can load a file of the course folder from; null: there is no such file. */
  readonly resolveImage: (path: string) => string | null;
  /** `needle` is the text to point at, as it stands in the source. */
  readonly report: (text: Message, severity: 'error' | 'warning', needle: string) => void;
}

// CommonMark 6.6: an open or closing tag, or a comment.
const rawHtml = /<(?:\/?[a-z][a-z0-9-]*(?:\s[^<>]*)?\/?>|!--)/i;

/**
 * Checks links, images and stray HTML of one run of inline Markdown and takes out what may not stay: a refused link keeps
 * its words, a refused image its description.
 */
export function inspectInline(children: readonly Token[], rules: InlineRules): void {
  let closesBroken = false;
  for (const token of children) {
    if (token.type === 'link_open') {
      const href = String(token.attrGet('href') ?? '');
      const measured = isMeasured(href) ? measuredTarget(href) : null;
      const wrong = isMeasured(href) ? wrongMeasured(href, rules.labs) : wrongLink(href, rules.anchors);
      if (wrong === null) {
        if (measured !== null) {
          linkToLab(token, measured);
          rules.onMeasured(measured.lab, href);
        }
        continue;
      }
      rules.report(wrong, 'error', href);
      token.tag = 'span';
      token.attrs = [['class', 'broken-link']];
      closesBroken = true;
    } else if (token.type === 'link_close' && closesBroken) {
      token.tag = 'span';
      closesBroken = false;
    } else if (token.type === 'image') {
      inspectImage(token, rules);
    } else if (token.type === 'text') {
      const tag = rawHtml.exec(token.content)?.[0];
      if (tag !== undefined) {
        rules.report(message('HTML is not part of a course; it is shown as text: {tag}', { tag }), 'warning', tag);
      }
    }
  }
}

function wrongLink(href: string, anchors: ReadonlySet<string>): Message | null {
  const target = linkTarget(href);
  if (target.kind === 'refused') {
    return message('A link leads to https:// or to a #place in this document, not to “{target}”.', { target: href });
  }
  if (target.kind === 'anchor' && !anchors.has(target.anchor)) {
    return message('Nothing in this document is called “{anchor}”.', { anchor: target.anchor });
  }
  return null;
}

function inspectImage(token: Token, rules: InlineRules): void {
  const src = String(token.attrGet('src') ?? '');
  const resolved = isImagePath(src) ? rules.resolveImage(src) : null;
  if (token.content.trim() === '') {
    rules.report(message('An image needs a text that says what it shows: ![text]({src})', { src }), 'error', src);
  }
  if (resolved === null) {
    rules.report(message('There is no image “{src}” in the course folder.', { src }), 'error', src);
    token.type = 'text';
    token.children = null;
    token.attrs = null;
    return;
  }
  token.attrSet('src', resolved);
  token.meta = { asset: true };
}
