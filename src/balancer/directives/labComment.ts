import type { Comment } from '../../conf/ast';

/** The words of a `# lab: …` comment; null: an ordinary comment. */
export function labWords(comment: Comment): readonly string[] | null {
  const found = /^lab:\s*(.*)$/.exec(comment.text);
  return found === null ? null : (found[1] ?? '').split(/\s+/).filter((word) => word !== '');
}
