/** One sample of the Prometheus text format. */
interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const labelPattern = /([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?\s*/y;

/**
 * The samples that a selector names: `name` or `name{label="value"}`. Labels that it does not name may be anything.
 * Undefined when the selector is none.
 */
export function selectSamples(
  exposition: string,
  selector: string,
): readonly { readonly labels: { readonly [name: string]: string }; readonly value: number }[] | undefined {
  const wanted = parseSelector(selector.trim());
  if (!wanted) return undefined;
  return samplesOf(exposition)
    .filter(
      (sample) =>
        sample.name === wanted.name && [...wanted.labels].every(([name, value]) => sample.labels.get(name) === value),
    )
    .map(({ labels, value }) => ({ labels: Object.fromEntries(labels), value }));
}

function parseSelector(text: string): Pick<Sample, 'name' | 'labels'> | undefined {
  const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?$/s.exec(text);
  const labels = parts && labelsOf(parts[2] ?? '');
  return labels ? { name: parts[1]!, labels } : undefined;
}

function samplesOf(exposition: string): readonly Sample[] {
  return exposition.split('\n').flatMap((line) => {
    const parts = /^([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/.exec(line);
    const labels = parts && labelsOf(parts[2] ?? '');
    return labels ? [{ name: parts[1]!, labels, value: numberOf(parts[3]!) }] : [];
  });
}

function labelsOf(text: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < text.length) {
    const found = labelPattern.exec(text);
    if (!found) return undefined;
    labels.set(
      found[1]!,
      found[2]!.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
    );
  }
  return labels;
}

/** What a metrics system writes as a number: `+Inf` and `NaN` included. */
export function numberOf(text: string): number {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return text.trim() === '' ? Number.NaN : Number(text);
}
