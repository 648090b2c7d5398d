import { createHash, timingSafeEqual } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';
import { Refusal } from '../src/errors';
import type { Requester } from '../src/operation/request';
import type { AskedKind } from '../src/commands/asked';

const who = {
  /** Hex SHA-256 of the token; the token itself is never written down. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the hex SHA-256 of a token'),
  via: z.enum(['cli', 'webhook']).default('cli'),
  /** Kinds it may ask for (`deploy`, `rollback`, `runbook.run` …); everything that policy allows when absent. */
  may: z.array(z.string()).optional(),
};
const table = z.strictObject({
  tokens: z.array(
    z.union([
      z.strictObject({ ...who, person: z.string().regex(/^[UW][A-Z0-9]+$/, 'must be a Slack user id') }),
      z.strictObject({ ...who, machine: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/) }),
    ]),
  ),
});

/** Machines that ask without a token: what starts by itself, and Signalbox. */
const ownMachines: readonly string[] = ['push', 'schedule', 'metric', 'lease', 'signalbox'];

/** Who presents a token: nobody names themselves. */
export interface Caller {
  readonly requester: Requester;
  readonly may: (kind: AskedKind) => boolean;
}

export interface TokenTable {
  /** The person or machine of a token, or nothing. */
  callerOf(token: string): Caller | undefined;
}

/** Reads TOKENS_FILE. Throws a `Refusal` that names what is wrong and shows no hash. */
export function readTokens(yaml: string): TokenTable {
  const parsed = table.safeParse(parse(yaml) ?? { tokens: [] });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'} ${issue.message}`);
    throw new Refusal(
      'setting_invalid',
      `TOKENS_FILE cannot be used: ${problems.join('; ')}. Whoever runs Signalbox mends the file.`,
    );
  }
  const taken = parsed.data.tokens.find((entry) => 'machine' in entry && ownMachines.includes(entry.machine));
  if (taken && 'machine' in taken)
    throw new Refusal(
      'setting_invalid',
      `TOKENS_FILE cannot be used: the name ${taken.machine} is what Signalbox itself asks by, and rules may trust it. Whoever runs Signalbox gives that machine another name.`,
    );
  const entries = parsed.data.tokens.map((entry) => ({
    hash: Buffer.from(entry.sha256, 'hex'),
    caller: callerIn(entry),
  }));
  return { callerOf: (token) => find(entries, token) };
}

/** No tokens: the command line and webhooks are turned away. */
export const noTokens: TokenTable = { callerOf: () => undefined };

/** Compares with every entry, so that the time taken says nothing about which one matched. */
function find(
  entries: readonly { readonly hash: Buffer; readonly caller: Caller }[],
  token: string,
): Caller | undefined {
  const hash = createHash('sha256').update(token).digest();
  let found: Caller | undefined;
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.caller;
  return found;
}

function callerIn(entry: z.infer<typeof table>['tokens'][number]): Caller {
  const { via, may } = entry;
  return {
    requester:
      'person' in entry ? { kind: 'person', id: entry.person, via } : { kind: 'machine', id: entry.machine, via },
    may: (kind) => may === undefined || may.includes(kind),
  };
}
