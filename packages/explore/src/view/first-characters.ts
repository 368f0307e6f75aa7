/** The first characters of a text, as a copy: a slice keeps the whole text in memory. */
export function firstCharacters(text: string, count: number): string {
  return Buffer.from(text.slice(0, count), 'utf16le').toString('utf16le');
}
