import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageClientOf, protocolsOf } from '../../src/lab/labDefinition';
import { findLabs } from '../../src/lab/labFiles';
import { sendsMessage } from '../../src/lab/labMessages';
import { complaintsIn, lab } from '../harness/labCommand';

/** Every arm of every lab under every scenario, protocol and message, from the command line, with the lab's own load. */

const found = await findLabs(path.resolve('labs/traffic-lab'));
const runs = found.flatMap(({ id, definition }) => {
  if (!definition.ok) throw new Error(`lab ${id} cannot be read`);
  const { arms, scenarios, messages } = definition.value;
  return arms.flatMap((arm) => {
    const spoken = protocolsOf(definition.value);
    const protocols = spoken.length === 0 ? [[]] : spoken.map((protocol) => ['--protocol', protocol]);
    const choices = [
      [],
      ...scenarios.map((scenario) => ['--scenario', scenario.id]),
      ...(sendsMessage(arm) ? messages.map((message) => ['--message', message.id]) : []),
    ];
    return protocols.flatMap((protocol) =>
      choices.map((choice) => ({ id, arm, argv: ['run', id, '--arm', arm.id, ...protocol, ...choice] })),
    );
  });
});

it('there are arms', () => expect(runs.length).toBeGreaterThan(100));

describe('from the command line', () => {
  it.each(runs.map((run) => [run.argv.join(' '), run] as const))('%s', { timeout: 120_000 }, async (_name, run) => {
    const ended = await lab(...run.argv, '--json', '--seed', '5');
    const { code, out, err } = ended;
    if (pageClientOf(run.arm) !== null) {
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('only a browser can run');
      return;
    }
    // The command ends with 1 where the sides' counts do not agree.
    expect({ code, complaints: complaintsIn(ended) }).toEqual({ code: 0, complaints: [] });
    const result = JSON.parse(out);
    expect(result.sent).toBeGreaterThan(0);
    expect(result.answered + result.failed).toBe(result.sent);
  });
});
