import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { documentIn, labs } from './trafficLabCourse';

const json = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
const { contributes } = json('package.json');

/** The walkthrough in a language, with its words in the place of their keys. */
function walkthrough(language: string): {
  readonly words: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly id: string; readonly description: string; readonly media: string }[];
} {
  const words = json(language === 'en' ? 'package.nls.json' : `package.nls.${language}.json`);
  const said = (text: string): string => text.replace(/^%(.+)%$/, (_, key: string) => String(words[key]));
  const [{ steps }] = contributes.walkthroughs;
  return {
    words,
    steps: steps.map((step: { id: string; description: string; media: { markdown: string } }) => ({
      id: step.id,
      description: said(step.description),
      media: said(step.media.markdown),
    })),
  };
}

describe.each(['en', 'ko'])('the walkthrough in %s', (language) => {
  const { steps, words } = walkthrough(language);

  it('shows something beside each step', () => {
    for (const { id, media } of steps) {
      expect(media).toBe(`media/walkthrough/${id}.${language}.md`);
      expect(existsSync(path.join(root, media)), media).toBe(true);
    }
  });

  it('leads in each step to a command that there is, and to a place in the course', async () => {
    const { anchors, labs: embedded } = await documentIn(language);
    const places = [...anchors, ...embedded.map((lab) => `lab-${lab}`)];
    const commands = contributes.commands.map(({ command }: { command: string }) => command);
    for (const { id, description } of steps) {
      const links = [...description.matchAll(/\]\(command:([\w.]+)(?:\?([^)]*))?\)/g)];
      expect(links, id).toHaveLength(1);
      for (const [, command, given] of links) {
        expect(commands).toContain(command);
        if (given !== undefined) expect(places).toContain(JSON.parse(decodeURIComponent(given))[0]);
      }
    }
  });

  it('calls arms, buttons and commands what they are called', async () => {
    const bundle: Readonly<Record<string, string>> = json('media/l10n/bundle.l10n.ko.json');
    const buttons = language === 'en' ? Object.keys(bundle) : Object.values(bundle);
    const arms = (await labs()).flatMap(({ definition }) => (definition.ok ? definition.value.arms : []));
    const commands = contributes.commands.map(({ title }: { title: string }) => {
      return `${words['command.category']}: ${words[title.slice(1, -1)]}`;
    });
    const known = new Set([...buttons, ...arms.map(({ title }) => title[language]), ...commands]);
    for (const { media } of steps) {
      const bold = [...readFileSync(path.join(root, media), 'utf8').matchAll(/\*\*([^*]+)\*\*/g)].map(
        ([, name]) => name,
      );
      // The question that it begins with is nothing to be found on the page.
      expect(
        bold.filter((name) => !known.has(name) && name?.endsWith('?') !== true),
        media,
      ).toEqual([]);
    }
  });
});
