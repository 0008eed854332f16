import type { Findings } from '../measurement/findings';

/** What a lab found beside the common counts, a line each, for people. */
export function findingLines(findings: Findings): readonly string[] {
  const { sessions, store, maxOverMean, availability } = findings;
  const lines: string[] = [];
  if (sessions !== undefined) {
    const { created, kept, lost } = sessions;
    lines.push(`sessions: created ${grouped(created)} = kept ${grouped(kept)} + lost ${grouped(lost)}`);
  }
  if (store !== undefined) lines.push(`sessions are kept in: ${store}`);
  if (maxOverMean !== undefined) lines.push(`busiest server over the mean: ${maxOverMean.toFixed(2)}`);
  if (availability !== undefined) lines.push(`availability: ${availability.toFixed(2)} %`);
  return lines;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
