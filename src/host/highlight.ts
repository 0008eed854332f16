/** A file's text as safe HTML. */
export function highlighted(text: string, _file: string): string {
  return escapeHtml(text);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
