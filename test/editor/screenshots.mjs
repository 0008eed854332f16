// `npm run screenshots`: the course in light, dark and high contrast, Korean and English, narrow and wide, with a run
// on show, into test-results/screens. For the README, and for looking at. `npm run screenshots -- ko-dark` makes those
// of one language and theme only.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { CoursePage } from './coursePage.ts';
import { Editor, resultsFolder } from './harness.ts';

const themes = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast': 'Default High Contrast',
};
const commands = { en: 'Traffic Lab: Open Course', ko: 'Traffic Lab: 코스 열기' };
const widths = [1400, 700];
const folder = path.join(resultsFolder, 'screens');
mkdirSync(folder, { recursive: true });

for (const [locale, command] of Object.entries(commands)) {
  for (const [theme, colorTheme] of Object.entries(themes)) {
    if (process.argv.length > 2 && !process.argv.includes(`${locale}-${theme}`)) continue;
    const settings = { 'workbench.colorTheme': colorTheme };
    const editor = await Editor.open({ name: 'screens-work', locale, settings });
    try {
      await shoot(editor, locale, theme, command);
    } finally {
      await editor.close();
    }
  }
}

async function shoot(editor, locale, theme, command) {
  const file = (width, part) => path.join(folder, `${locale}-${theme}-${width}-${part}.png`);
  await editor.runCommand(command);
  const lab = new CoursePage(editor.webview()).lab('grpc-pinning');
  await lab.root.waitFor();
  // The picture is of the course, so the side bar goes.
  await editor.runCommand('View: Toggle Primary Side Bar Visibility');
  await editor.page.screenshot({ path: file(1400, 'top') });
  for (const arm of ['grpc-l4', 'grpc-l7']) {
    await lab.chooseArm(arm);
    await lab.runToEnd();
    for (const width of widths) {
      await editor.page.setViewportSize({ width, height: 1000 });
      await lab.root.locator('.picture').evaluate((picture) => picture.scrollIntoView({ block: 'start' }));
      // A narrow page draws the network from top to bottom.
      await lab.node('server-a').waitFor();
      await editor.page.screenshot({ path: file(width, arm) });
    }
    await editor.page.setViewportSize({ width: 1400, height: 1000 });
  }
  process.stderr.write(`${locale} ${theme}\n`);
}
