/** Unit in which a metric is measured: a ratio is 0 to 1, a percent 0 to 100. */
export type MetricUnit = 'ratio' | 'percent' | 's' | 'ms' | 'count' | 'bytes';

/** A metric as the policy maps it (`metrics:` in policy.yaml). */
export interface MetricDefinition {
  readonly connection: string;
  readonly query: string;
  readonly unit: MetricUnit;
  /** The value that an empty answer stands for; without it an empty answer never passes. */
  readonly absent?: number;
}

type Comparison = '<' | '<=' | '>' | '>=';

/** `<0.1%` with everything needed to judge a measured value. */
export interface Criterion {
  /** As written. */
  readonly text: string;
  readonly comparison: Comparison;
  /** In the metric's own unit. */
  readonly limit: number;
  /** Power of ten from the criterion's unit to the metric's. */
  readonly exponent: number;
  /** What follows a number in the criterion's unit: `%`, `ms`, `GB` or nothing. */
  readonly suffix: string;
}

export type ParsedCriterion =
  { readonly ok: true; readonly criterion: Criterion } | { readonly ok: false; readonly message: string };

/** Suffix -> power of ten to the metric's unit. */
const suffixes: { readonly [unit in MetricUnit]: { readonly [suffix: string]: number } } = {
  ratio: { '%': -2 },
  percent: { '%': 0 },
  s: { s: 0, ms: -3 },
  ms: { ms: 0, s: 3 },
  count: { '': 0 },
  bytes: { B: 0, kB: 3, MB: 6, GB: 9 },
};

const examples: { readonly [unit in MetricUnit]: string } = {
  ratio: '<0.1%',
  percent: '<0.1%',
  s: '<200ms',
  ms: '<200ms',
  count: '<10',
  bytes: '<500MB',
};

/** Reads `<0.1%`, `<200ms`, `<10` or `>=99.9%` and checks its unit against the metric's. */
export function parseCriterion(text: string, unit: MetricUnit): ParsedCriterion {
  const parts = /^(<=|>=|<|>)\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-zA-Z%]*)$/.exec(text.trim());
  if (!parts)
    return {
      ok: false,
      message: `"${text}" is not a criterion; write a comparison and a number, as in ${examples[unit]}`,
    };
  const [, comparison, digits, suffix] = parts;
  const exponent = Object.hasOwn(suffixes[unit], suffix!) ? suffixes[unit][suffix!]! : undefined;
  if (exponent === undefined) {
    const has = suffix === '' ? 'has no unit' : `is in "${suffix}"`;
    return {
      ok: false,
      message: `"${text}" ${has}, but the metric is a ${unitName(unit)}; write it as in ${examples[unit]}`,
    };
  }
  return {
    ok: true,
    criterion: {
      text: text.trim(),
      comparison: comparison as Comparison,
      // Read with its exponent in one go: 99.9 / 100 is not the number that 0.999 is.
      limit: Number(`${digits}e${exponent}`),
      exponent,
      suffix: suffix!,
    },
  };
}

function unitName(unit: MetricUnit): string {
  const names = { ratio: 'share', percent: 'share', s: 'time', ms: 'time', count: 'plain number', bytes: 'size' };
  return names[unit];
}

/** Whether a measured value, in the metric's unit, meets the criterion. What is not a finite number never does. */
export function meets(criterion: Criterion, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  switch (criterion.comparison) {
    case '<':
      return value < criterion.limit;
    case '<=':
      return value <= criterion.limit;
    case '>':
      return value > criterion.limit;
    case '>=':
      return value >= criterion.limit;
  }
}

/**
 * A measured value in the criterion's unit: `2.4%`, `180ms`. Three digits, or as many as it takes not to look as if it
 * were on the other side of the limit.
 */
export function formatMeasured(criterion: Criterion, value: number | undefined): string {
  if (value === undefined) return 'no data';
  if (!Number.isFinite(value)) return 'not a number';
  const scaled = scale(value, -criterion.exponent);
  const limit = scale(criterion.limit, -criterion.exponent);
  if (Number.isInteger(scaled)) return `${scaled}${criterion.suffix}`;
  for (let digits = 3; digits < 15; digits += 1) {
    const rounded = Number(scaled.toPrecision(digits));
    if (Math.sign(rounded - limit) === Math.sign(scaled - limit)) return `${rounded}${criterion.suffix}`;
  }
  return `${scaled}${criterion.suffix}`;
}

/** Shifts the decimal point; multiplying would leave 0.07 * 100 a little above 7. */
function scale(value: number, exponent: number): number {
  const [digits, power = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(power) + exponent}`);
}
