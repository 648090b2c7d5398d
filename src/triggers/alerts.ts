import { z } from 'zod';

const texts = z.record(z.string(), z.string());

/** What Alertmanager posts to a webhook (version 4). It adds fields from time to time, so what is not known is left out. */
export const alertmanagerBody = z.object({
  version: z.literal('4'),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: texts,
        annotations: texts.default({}),
        startsAt: z.iso.datetime({ offset: true }),
        fingerprint: z.string().min(1).max(100),
      }),
    )
    .max(500),
});

export interface Alert {
  readonly labels: { readonly [name: string]: string };
  readonly annotations: { readonly [name: string]: string };
  readonly startsAt: string;
  /** Alertmanager's name for the set of labels. */
  readonly fingerprint: string;
}

/** Alerts that fire, as the bot took them in and signed them. */
export interface Alerts {
  readonly format: 1;
  /** Name of the machine whose token they came with. */
  readonly by: string;
  /** ISO 8601 UTC: when the bot took them. */
  readonly at: string;
  readonly alerts: readonly Alert[];
}

/** Those of a webhook that fire; what is resolved starts nothing. */
export function firingAlerts(body: z.infer<typeof alertmanagerBody>): readonly Alert[] {
  return body.alerts
    .filter(({ status }) => status === 'firing')
    .map(({ labels, annotations, startsAt, fingerprint }) => ({ labels, annotations, startsAt, fingerprint }));
}
