const unitMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as people write it (`500ms`, `30s`, `1h30m`, `2d`) in ms; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) total += Number(digits) * unitMs[unit!]!;
  return Number.isSafeInteger(total) ? total : undefined;
}

/** ms as people write it, in at most two units: `8s`, `1h30m`. Rounds to the smaller one. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1000) * 1000;
  for (const unit of ['d', 'h', 'm', 's']) {
    const count = Math.floor(rest / unitMs[unit]!);
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
    rest -= count * unitMs[unit]!;
  }
  return parts.join('');
}
