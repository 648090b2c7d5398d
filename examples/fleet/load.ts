import { Agent, get } from 'node:http';

/** Light, steady traffic to every instance, and what it measured over the last seconds. */
export interface Load {
  measured(): readonly Measurement[];
  stop(): void;
}

/** What callers of one version of one service saw. */
export interface Measurement {
  readonly service: string;
  readonly version: string;
  /** In the window. */
  readonly errorRatio: number;
  /** In the window, seconds. */
  readonly p99: number;
  /** Since the start. */
  readonly requests: number;
  readonly errors: number;
}

export interface Target {
  readonly service: string;
  readonly version: string;
  readonly port: number;
}

interface Series {
  requests: number;
  errors: number;
  readonly window: { readonly at: number; readonly seconds: number; readonly failed: boolean }[];
}

/** `targets` is asked before every round, so that a replaced instance gets no further request. */
export function startLoad(asked: {
  readonly targets: () => readonly Target[];
  readonly requestsPerSecond: number;
  readonly windowMs: number;
}): Load {
  const agent = new Agent({ keepAlive: true });
  const series = new Map<string, Series>();
  const timer = setInterval(() => {
    for (const target of asked.targets()) request(target);
  }, 1000 / asked.requestsPerSecond);

  function request(target: Target): void {
    const began = performance.now();
    const call = get({ host: '127.0.0.1', port: target.port, path: '/', agent, timeout: 5_000 }, (response) => {
      response.resume();
      response.once('end', () => seen(target, performance.now() - began, (response.statusCode ?? 500) >= 500));
    });
    call.once('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.once('error', () => seen(target, performance.now() - began, true));
  }

  function seen(target: Target, ms: number, failed: boolean): void {
    const key = `${target.service} ${target.version}`;
    const one = series.get(key) ?? { requests: 0, errors: 0, window: [] };
    series.set(key, one);
    one.requests += 1;
    if (failed) one.errors += 1;
    one.window.push({ at: Date.now(), seconds: ms / 1000, failed });
    forget(one);
  }

  function forget(one: Series): void {
    const oldest = Date.now() - asked.windowMs;
    while (one.window.length > 0 && one.window[0]!.at < oldest) one.window.shift();
  }

  return {
    measured: () =>
      [...series].flatMap(([key, one]) => {
        forget(one);
        if (one.window.length === 0) return [];
        const [service = '', version = ''] = key.split(' ');
        const sorted = one.window.map((each) => each.seconds).sort((a, b) => a - b);
        const failed = one.window.filter((each) => each.failed).length;
        return {
          service,
          version,
          errorRatio: failed / one.window.length,
          p99: sorted[Math.ceil(sorted.length * 0.99) - 1]!,
          requests: one.requests,
          errors: one.errors,
        };
      }),
    stop: () => {
      clearInterval(timer);
      agent.destroy();
    },
  };
}
