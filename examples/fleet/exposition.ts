import type { Instances } from './instances';
import type { Load } from './load';

/** Prometheus text format. A version without traffic in the window has no error ratio: absent, not zero. */
export function exposition(from: {
  readonly load: Load;
  readonly instances: Instances;
  readonly services: readonly string[];
}): string {
  const measured = from.load.measured();
  const labels = (one: { service: string; version: string }): string =>
    `service="${one.service}",version="${one.version}"`;
  const counts = from.services.flatMap((service) =>
    Object.entries(from.instances.view(service).versions).map(([version, count]) => ({ service, version, count })),
  );
  return [
    ...family('service_error_ratio', 'gauge', 'Share of failed requests over the last seconds.'),
    ...measured.map((one) => `service_error_ratio{${labels(one)}} ${one.errorRatio}`),
    ...family(
      'service_latency_p99_seconds',
      'gauge',
      'Time in which 99 of 100 requests were answered over the last seconds.',
    ),
    ...measured.map((one) => `service_latency_p99_seconds{${labels(one)}} ${one.p99}`),
    ...family('service_requests_total', 'counter', 'Requests since the start.'),
    ...measured.map((one) => `service_requests_total{${labels(one)}} ${one.requests}`),
    ...family('service_errors_total', 'counter', 'Failed requests since the start.'),
    ...measured.map((one) => `service_errors_total{${labels(one)}} ${one.errors}`),
    ...family('service_instances', 'gauge', 'Instances by version.'),
    ...counts.map((one) => `service_instances{${labels(one)}} ${one.count}`),
    '',
  ].join('\n');
}

const family = (name: string, type: string, help: string): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];
