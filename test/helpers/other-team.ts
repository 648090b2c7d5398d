/** A workflow of another team, on a queue of its own. */
export async function countWords(text: string): Promise<{ words: number }> {
  return { words: text.split(' ').length };
}
