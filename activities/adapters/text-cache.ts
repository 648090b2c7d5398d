const cacheBytes = 32 * 1024 * 1024;

/** Texts by object id: the same file in the next commit is not read again. */
export class TextCache {
  private readonly texts = new Map<string, string>();
  private bytes = 0;

  get(id: string): string | undefined {
    return this.texts.get(id);
  }

  keep(id: string, text: string): void {
    if (this.texts.has(id)) return;
    this.texts.set(id, text);
    this.bytes += text.length;
    for (const [oldest, old] of this.texts) {
      if (this.bytes <= cacheBytes) break;
      this.texts.delete(oldest);
      this.bytes -= old.length;
    }
  }
}
