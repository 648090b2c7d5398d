import type { Setting } from '../config';

/** What people start. */
export const programs = ['bot', 'worker', 'runner'] as const;
export type Program = (typeof programs)[number];

/** Settings that each program cannot start without. */
export const needs = {
  bot: ['SLACK_BOT_TOKEN', 'POLICY_REPO', 'LEDGER_REPO', 'RELAY_KEY'],
  worker: ['POLICY_REPO', 'LEDGER_REPO', 'RELAY_KEY', 'BLOB_STORE'],
  runner: ['BLOB_STORE'],
} as const satisfies { readonly [program in Program]: readonly Setting[] };
