export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export function print(line = '') {
  process.stdout.write(`${line}\n`);
}

/** Rows of [what, value, note], aligned. */
export function printTable(rows) {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const [what, value, note = ''] of rows) {
    print(`${what.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${note}`.trimEnd());
  }
}
