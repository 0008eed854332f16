import { describe, expect, it } from 'vitest';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { fault, quiz, readQuiz } from './quizBuilder';

const notRun = () => null;
const diagram = [
  'id: f',
  'kind: find-the-fault',
  'prompt: Which part?',
  'diagram: |',
  '  flowchart LR',
  '    accTitle: A picture',
  '    accDescr: With a client and a server.',
  '    C["1 client"] --> S["2 server"]',
  'parts:',
  '  - { id: client, text: Client, explanation: About the client }',
  '  - { id: server, text: Server, correct: true, explanation: About the server }',
].join('\n');

describe('a fault in a listing', () => {
  const item = quiz(fault());

  it('is found in its line, and every line that could be chosen is explained', () => {
    expect(item.grade({ part: 'part-0' }, notRun)).toMatchObject({ verdict: 'right', score: 100 });
    expect(item.grade({ part: 'part-1' }, notRun)).toMatchObject({
      verdict: 'wrong',
      options: [
        { id: 'part-0', correct: true, chosen: false, explanationHtml: 'About 0' },
        { id: 'part-1', correct: false, chosen: true, explanationHtml: 'About 1' },
      ],
    });
  });

  it('shows the listing and which lines may be chosen, in their order', () => {
    expect(quiz(fault('line: 3', 'line: 2, correct: true')).view(sourceOrder)).toMatchObject({
      exhibit: {
        kind: 'listing',
        lines: ['server {', '    listen 127.0.0.1:1;', '    grpc_pass grpc://orders;', '', '}'],
      },
      parts: [
        { id: 'part-1', line: 2 },
        { id: 'part-0', line: 3 },
      ],
    });
    expect(JSON.stringify(item.view(sourceOrder))).not.toMatch(/correct|About/);
  });

  it.each([{}, null, { part: 'z' }, { part: 1 }, { option: 'part-0' }])('is not %j', (raw) => {
    expect(item.isAnswer(raw)).toBe(false);
  });

  it.each([
    [['line: 2, correct: true', 'line: 9'], '12 The listing has nothing in line 9.'],
    [['line: 2, correct: true', 'line: 4'], '12 The listing has nothing in line 4.'],
    [['line: 2, correct: true', 'line: 2'], '12 Line 2 is named twice.'],
    [['line: 2, correct: true', 'correct: false'], '12 A part of a listing names its “line”.'],
    [['line: 2, correct: true', 'line: 3, text: Here'], '12 A line speaks for itself.'],
    [['line: 2', 'line: 3'], '11 Exactly one part must be at fault, not 0.'],
  ])('refuses the parts %j', (parts, problem) => {
    expect(readQuiz(fault(...parts))).toEqual([problem]);
  });
});

describe('a fault in a diagram', () => {
  it('is one of its named parts', () => {
    const item = quiz(diagram);
    expect(item.grade({ part: 'server' }, notRun)?.verdict).toBe('right');
    expect(item.view(sourceOrder)).toMatchObject({
      exhibit: { kind: 'diagram', title: 'A picture' },
      parts: [
        { id: 'client', line: null, html: 'Client' },
        { id: 'server', line: null, html: 'Server' },
      ],
    });
  });

  it('is checked as the diagrams of the course are', () => {
    expect(readQuiz(diagram.replace('flowchart LR', 'pie'))).toEqual([
      '4 A diagram begins with “flowchart LR” (or TD, TB, BT, RL) or “sequenceDiagram”.',
    ]);
    expect(readQuiz(diagram.replace('C["1', 'click C "https://example.com"\n    C["1'))).toEqual([
      '4 Nothing in a diagram can be clicked.',
    ]);
    expect(readQuiz(diagram.replace(/^ +acc.*\n/gm, ''))).toHaveLength(2);
    expect(readQuiz(diagram.replace(', text: Client', ''))).toEqual(['10 A part of a diagram needs a “text”.']);
  });

  it('is not in a listing, too, nor in nothing', () => {
    const either = 'The fault is in a “listing” or in a “diagram”: give one of them.';
    expect(readQuiz(diagram.replace('parts:', 'listing: server {\nparts:'))).toContain(`1 ${either}`);
    expect(readQuiz(diagram.replace(/diagram[\s\S]*(?=parts:)/, ''))).toEqual([`1 ${either}`]);
  });
});
