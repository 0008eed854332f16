import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MessageDefinition } from '../../src/lab/labDefinition';
import { understandMessage } from '../../src/lab/labMessages';
import { viewMessage } from '../../src/lab/messageView';
import type { MessageView } from '../../src/protocol/webview';

/** The messages of rest-vs-grpc as the page shows them: what the course says of their sizes holds. */

async function viewOf(id: MessageDefinition['id'], file: string): Promise<MessageView> {
  const text = readFileSync(path.resolve('labs/traffic-lab/rest-vs-grpc', file), 'utf8');
  const understood = await understandMessage({ id, title: {}, file }, file, text);
  if (!understood.ok) throw new Error(JSON.stringify(understood.error));
  return viewMessage(understood.value);
}

describe('the messages of rest-vs-grpc', () => {
  it.each(['user', 'order', 'telemetry'] as const)(
    '%s: protobuf is smaller, and every byte of it is shown',
    async (id) => {
      const { bytes, parts, partsLeftOut } = await viewOf(id, `${id}.json`);
      expect(bytes.protobuf).toBeLessThan(bytes.json);
      const shown = parts.reduce((sum, part) => sum + (part.tag + part.length + part.value).length / 2, 0);
      if (partsLeftOut === 0) expect(shown).toBe(bytes.protobuf);
      else expect(shown).toBeLessThan(bytes.protobuf);
    },
  );

  it('gzipped telemetry is smaller as JSON than raw protobuf', async () => {
    const { bytes } = await viewOf('telemetry', 'telemetry.json');
    expect(bytes.jsonGzip).toBeLessThan(bytes.protobuf);
  });

  it('small whole numbers under long names make protobuf five times smaller', async () => {
    const { bytes } = await viewOf('telemetry', 'five-times-smaller.solution.json');
    expect(bytes.json / bytes.protobuf).toBeGreaterThanOrEqual(5);
  });

  it('short decimals make protobuf no smaller at all', async () => {
    const { bytes } = await viewOf('telemetry', 'not-smaller.solution.json');
    expect(bytes.protobuf).toBeGreaterThanOrEqual(bytes.json);
  });
});
