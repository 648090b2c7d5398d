import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type as systemName } from 'node:os';
import type { BenchSettings } from './settings';

/** One row: the same measured on both sides, in one unit. */
export interface Measured {
  readonly what: string;
  readonly ours: readonly number[];
  readonly minimum: readonly number[];
  /** Ratio of the medians that we want to stay below. */
  readonly aim?: number;
}

export interface Findings {
  readonly rows: readonly Measured[];
  /** What is not a ratio: counts, memory. One sentence a line. */
  readonly notes: readonly string[];
}

/** The value that `part` of all are not above; NaN when there are none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

/** The table in Markdown, ready for docs/performance.md. Times in ms. */
export function tableOf(rows: readonly Measured[]): string {
  const head = [
    'measured (ms)',
    'n',
    'ours p50 / p95 / p99',
    'minimum p50 / p95 / p99',
    'ratio p50',
    'ratio p95',
    'aim',
  ];
  const cells = rows.map(({ what, ours, minimum, aim }) => [
    what,
    ours.length === minimum.length ? String(ours.length) : `${ours.length}, ${minimum.length}`,
    spread(ours),
    spread(minimum),
    ratio(ours, minimum, 0.5),
    ratio(ours, minimum, 0.95),
    aim === undefined ? '' : String(aim),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

const spread = (values: readonly number[]): string =>
  [0.5, 0.95, 0.99].map((part) => rounded(quantile(values, part))).join(' / ');

const rounded = (value: number): string =>
  Number.isNaN(value) ? 'none' : value < 100 ? value.toFixed(1) : value.toFixed(0);

function ratio(ours: readonly number[], minimum: readonly number[], part: number): string {
  const value = quantile(ours, part) / quantile(minimum, part);
  return Number.isFinite(value) ? value.toFixed(2) : '';
}

/** Where and with what it was measured: without it the numbers say nothing. */
export function circumstances(settings: BenchSettings): readonly string[] {
  const [processor] = cpus();
  const { only, ...sizes } = settings;
  const text = Object.entries(sizes).map(([name, value]) => `${name} ${value}`);
  return [
    `${new Date().toISOString().slice(0, 16)} UTC, commit ${told('git', ['describe', '--always', '--dirty'])}`,
    `${cpus().length} processors (${processor?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemName()} ${release()}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
    `Node.js ${process.versions.node}, ${told(process.env.TEMPORAL_CLI ?? '', ['--version'])}, ${told(process.env.REDIS_SERVER ?? '', ['--version']).slice(0, 24)}, Temporal and Redis in memory on this machine`,
    `Stages: ${only.join(', ')}. Sizes: ${text.join(', ')}.`,
  ];
}

function told(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, [...args], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
