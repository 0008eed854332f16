import type { Token } from 'markdown-it';
import { type Message, message } from '../base/message';
import { infoWord, isBlockFence } from './fences';

/**
 * Fences one after the other that name a tab (`tab="Envoy"` in the info string) are one strip of tabs on the page; anywhere
 * else they read as the listings they are, one below the other.
 */

/** The name of a fence's tab; null: it is in no tab. */
export function tabName(fence: Token): string | null {
  return /\stab="\s*([^"]+?)\s*"/.exec(fence.info)?.[1] ?? null;
}

/** The fences from here on that form one strip; empty: this element is in no tab. */
export function tabsFrom(tokens: readonly Token[], start: number): readonly Token[] {
  const isTab = (token: Token) => token.type === 'fence' && token.level === 0 && tabName(token) !== null;
  const end = tokens.findIndex((token, at) => at >= start && !isTab(token));
  return tokens.slice(start, end === -1 ? tokens.length : end);
}

/** What is wrong with a fence's tab, given the names before it in the strip; null: nothing. */
export function wrongTab(fence: Token, before: readonly string[]): Message | null {
  const name = tabName(fence);
  if (name === null) {
    return /\stab\b/.test(fence.info) ? message('A tab is written tab="Name", with quotation marks.') : null;
  }
  const word = infoWord(fence);
  if (isBlockFence(word) && word !== 'listing') {
    return message('Only listings stand in tabs, not a {block} block.', { block: word });
  }
  return before.includes(name) ? message('Two tabs of this strip are called “{name}”.', { name }) : null;
}
