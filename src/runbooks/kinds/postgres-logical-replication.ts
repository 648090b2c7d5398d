import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';
import { parseDuration } from '../duration';
import type { StepKindSpec } from '../step-kind';

const duration = text().refine((given) => parseDuration(given) !== undefined, 'has to be a duration such as 30s or 2h');

export const postgresLogicalReplicationWith = z
  .strictObject({
    connection: text(),
    ensure: z.enum(['wal_level', 'user', 'publication', 'slot']).optional(),
    drop: z.enum(['user', 'publication', 'slot']).optional(),
    /** Waits until a consumer has confirmed a slot up to a place in the log. */
    wait: z.enum(['lsn']).optional(),
    /** Of the user, the publication or the slot. */
    name: text().optional(),
    /** Of a publication: `schema.table`. */
    tables: z.array(text()).min(1).max(500).optional(),
    /** Of a user. */
    password: secretReference.optional(),
    /** Of a slot. */
    plugin: z.enum(['pgoutput', 'wal2json', 'test_decoding']).default('pgoutput'),
    /** Whose things `drop` takes away: what this operation made, or whatever has the name. */
    of: z.enum(['operation', 'anyone']).default('operation'),
    /** Place in the log to wait for; without it, `within` of where the log ends. */
    lsn: z.string().optional(),
    /** Bytes of log that may still be missing. */
    within: z.int().min(0).default(0),
    for: duration.optional(),
    every: duration.optional(),
  })
  .superRefine((given, context) => {
    const add = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    const forms = [given.ensure, given.drop, given.wait].filter((form) => form !== undefined);
    if (forms.length !== 1) return add('ensure', 'has to stand there alone: one of ensure, drop and wait');
    if (given.ensure !== 'wal_level' && given.name === undefined) add('name', 'is missing');
    if (given.ensure === 'user' && given.password === undefined) add('password', 'is missing');
    if (given.ensure === 'publication' && given.tables === undefined) add('tables', 'is missing');
    if (given.wait !== undefined && given.for === undefined) add('for', 'is missing: say how long at most');
    if (given.lsn !== undefined && !given.lsn.includes('${{') && !/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(given.lsn))
      add('lsn', 'has to be a place in the log such as 0/16B3748');
  });

export type PostgresLogicalReplicationWith = z.infer<typeof postgresLogicalReplicationWith>;

const reads = (given: { readonly [key: string]: unknown }): boolean =>
  given.wait !== undefined || given.ensure === 'wal_level';

export const postgresLogicalReplication: StepKindSpec = {
  name: 'postgres/logical-replication',
  doc: 'Ensures or drops what logical replication needs (`wal_level`, `user`, `publication`, `slot`), or waits until a slot has been confirmed up to a place in the log. What is there already is held against what is asked, and `drop` takes away only what this operation made unless it says `of: anyone`. Expressions see `made`, `lsn` and `lag`.',
  with: postgresLogicalReplicationWith,
  tells: ['made', 'lsn', 'lag'],
  literal: ['password'],
  readOnly: reads,
  repeat: () => 'safe',
  timeoutMs: 2 * 60_000,
  pollForMs: (given) => (given.wait === undefined ? undefined : parseDuration(String(given.for ?? ''))),
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['postgres'],
};
