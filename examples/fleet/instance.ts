import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * One instance of a service: a process of its own that serves HTTP in one version. Its supervisor starts it with
 * `fork` and two arguments (service, version), is told the port over IPC, and takes it along when it dies.
 */
const [service = '', version = ''] = process.argv.slice(2);

/** v2.5.0 passes every health check and fails only under load, as such bugs do. */
const faulty = version === 'v2.5.0';
const LOAD_FROM_REQUESTS_PER_SECOND = 5;
const FAULT_EVERY = 30;

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const inBucket = buckets.map(() => 0);
const byCode = new Map<number, number>();
const recent: number[] = [];
let seconds = 0;
let served = 0;

const server = createServer((request, response) => {
  if (request.url === '/healthz')
    return void response.end(`${JSON.stringify({ ok: true, service, version, pid: process.pid })}\n`);
  if (request.url === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    return void response.end(exposition());
  }
  if (request.url !== '/') return void response.writeHead(404).end('Not found.\n');
  const began = process.hrtime.bigint();
  served += 1;
  const struggling = faulty && underLoad();
  // Counted, not drawn by lot: a short measurement sees the same ratio as a long one.
  const code = struggling && served % FAULT_EVERY === 5 ? 500 : 200;
  const delay = struggling ? 120 + (served % 10) * 30 : 2 + (served % 5);
  setTimeout(() => {
    observe(code, Number(process.hrtime.bigint() - began) / 1e9);
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ service, version, ok: code === 200 })}\n`);
  }, delay);
});

function underLoad(): boolean {
  const now = Date.now();
  recent.push(now);
  while (recent.length > 0 && recent[0]! < now - 1000) recent.shift();
  return recent.length >= LOAD_FROM_REQUESTS_PER_SECOND;
}

function observe(code: number, duration: number): void {
  byCode.set(code, (byCode.get(code) ?? 0) + 1);
  seconds += duration;
  buckets.forEach((limit, index) => {
    if (duration <= limit) inBucket[index]! += 1;
  });
}

function exposition(): string {
  const labels = `service="${service}",version="${version}"`;
  const count = [...byCode.values()].reduce((sum, each) => sum + each, 0);
  return [
    '# HELP http_requests_total Requests by status code.',
    '# TYPE http_requests_total counter',
    ...[...byCode].map(([code, value]) => `http_requests_total{${labels},code="${code}"} ${value}`),
    '# HELP http_request_duration_seconds Time to answer.',
    '# TYPE http_request_duration_seconds histogram',
    ...buckets.map(
      (limit, index) => `http_request_duration_seconds_bucket{${labels},le="${limit}"} ${inBucket[index]}`,
    ),
    `http_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`,
    `http_request_duration_seconds_sum{${labels}} ${seconds}`,
    `http_request_duration_seconds_count{${labels}} ${count}`,
    '',
  ].join('\n');
}

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
// A terminal sends Ctrl-C to everybody; the supervisor decides when an instance ends.
process.on('SIGINT', () => undefined);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
