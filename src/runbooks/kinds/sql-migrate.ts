import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

export interface Migration {
  readonly id: string;
  readonly sql: string;
}

const migration = z.strictObject({
  /** Told apart by it for ever; carried out in the order of the list. */
  id: text().max(200),
  sql: text().max(100_000),
});

export const sqlMigrateWith = z
  .strictObject({
    connection: text(),
    /** A folder of the policy repository: its `.sql` files are the migrations, in the order of their names. */
    folder: text().optional(),
    migrations: z.array(migration).min(1).max(500).optional(),
    /** Tells what would be carried out, and changes nothing. */
    dry_run: z.boolean().default(false),
  })
  .superRefine(({ folder, migrations = [] }, context) => {
    if ((folder === undefined) === (migrations.length === 0))
      return context.addIssue({
        code: 'custom',
        path: ['folder'],
        message: 'has to be there, or "migrations" instead',
      });
    const ids = migrations.map(({ id }) => id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', path: ['migrations'], message: `has two migrations with the id ${twice}` });
  });

export type SqlMigrateWith = z.infer<typeof sqlMigrateWith>;

export const sqlMigrate: StepKindSpec = {
  name: 'sql/migrate',
  doc: 'Carries out the migrations that a PostgreSQL database has not had yet, each in a transaction of its own, and notes them in `signalbox.migrations`. Two runs never migrate at once; a migration that was changed after it was carried out is refused. Expressions see `applied`, `pending` and `known`.',
  with: sqlMigrateWith,
  tells: ['applied', 'pending', 'known'],
  literal: ['folder', 'migrations'],
  readOnly: (given) => given.dry_run === true,
  check: 'As with `dry_run: true`: the migrations that the database has not had are named, and none is tried.',
  repeat: () => 'safe',
  timeoutMs: 15 * 60_000,
  folders: (given) => (typeof given.folder === 'string' ? [given.folder] : []),
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['postgres'],
};
