import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Refusal } from './errors';

/**
 * The only reader of process.env. Every setting of DESIGN section 8, validated at start with every problem listed at
 * once; a secret may be given as `<NAME>_FILE`.
 */
const port = z.coerce.number().int().min(0).max(65_535);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item.length > 0),
);

const settings = z.object({
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  SLACK_APP_TOKEN: z.string().min(1).optional(),
  SLACK_SIGNING_SECRET: z.string().min(1).optional(),
  SLACK_API_URL: z.url().optional(),
  /** Socket Mode connections; Slack allows ten, two close the gap of a refresh. */
  SLACK_SOCKETS: z.coerce.number().int().min(1).max(10).default(2),
  /** Slack's message budgets this many times faster; only for stand-ins, never for Slack itself. */
  SLACK_RATE_SCALE: z.coerce.number().min(1).max(1000).default(1),
  /** Whether the Slack client turns date tokens into the reader's time; stand-ins do not. */
  SLACK_DATE_TOKENS: z.stringbool().default(true),
  /** HTTP listener of the bot: Slack's requests in HTTP mode, the command line's API, health and metrics. */
  PORT: port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  /** Where people's browsers reach PORT of the bot; links to whole logs begin with it. */
  PUBLIC_URL: z
    .string()
    .regex(
      /^(https:\/\/[^/?#@\s]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)(\/[A-Za-z0-9_/-]*)?$/,
      'must be https:// and a host, with a path at most (http:// for this machine only)',
    )
    .optional(),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS_CERT: z.string().optional(),
  TEMPORAL_TLS_KEY: z.string().optional(),
  TEMPORAL_TLS_CA: z.string().optional(),
  TEMPORAL_UI_URL: z.url().optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .optional(),
  /** Begins every key in Redis, so that several companies can share one. */
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be lower-case letters, digits and hyphens')
    .default('signalbox'),
  POLICY_REPO: z.string().min(1),
  POLICY_REF: z.string().default('main'),
  POLICY_SIGNERS: z.string().optional(),
  /** Where people look at a file of the policy repository; guessed for well-known hosts. */
  POLICY_WEB_URL: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must begin with https:// or http://')
    .regex(/\{commit\}[^]*\{file\}/, 'must have {commit} and {file} in it, and {line} where a line can be named')
    .optional(),
  /** How often the policy mirror is brought up to date, ms. */
  POLICY_POLL_MS: z.coerce.number().int().min(100).default(15_000),
  LEDGER_REPO: z.string().min(1),
  LEDGER_REF: z.string().default('refs/heads/ledger'),
  /** Ed25519 private key, PEM. */
  LEDGER_KEY: z.string().min(1).optional(),
  RELAY_KEY: z.string().min(32, 'must have at least 32 characters'),
  /** A folder that worker and runners share; no other kind of store is there yet. */
  BLOB_STORE: z.string().min(1),
  /** 32 bytes, base64 or hex. */
  BLOB_KEY: z.string().min(32).optional(),
  RUNNER_POOLS: list.default(['default']),
  /** YAML file that names the programs which steps of the kind `program` may run. */
  RUNNER_PROGRAMS: z.string().optional(),
  /** Vault or OpenBao, for secrets of connections; read by whoever uses the connection. */
  VAULT_ADDR: z
    .string()
    .regex(
      /^(https:\/\/[^/?#@\s]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)$/,
      'must be https:// and a host, without a path (http:// for this machine only)',
    )
    .optional(),
  VAULT_NAMESPACE: z
    .string()
    .regex(/^[A-Za-z0-9_./-]+$/, 'must be the path of a namespace')
    .optional(),
  /** File with a token, read anew for each secret: an agent may renew it. */
  VAULT_TOKEN_FILE: z.string().min(1).optional(),
  /** Instead of a token: AppRole. */
  VAULT_ROLE_ID: z.string().min(1).optional(),
  VAULT_SECRET_ID_FILE: z.string().min(1).optional(),
  /** File with the age key that opens files which SOPS has encrypted; read by `sops` alone. */
  SOPS_KEY_FILE: z.string().min(1).optional(),
  /** Folder for the output of programs, or `s3://bucket/prefix`; `logs` in DATA_DIR when absent. */
  LOG_STORE: z.string().min(1).optional(),
  /** Of a bucket: the server that has it; that of AWS in LOG_STORE_REGION when absent. */
  LOG_STORE_ENDPOINT: z
    .string()
    .regex(
      /^(https:\/\/[^/?#@\s]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)$/,
      'must be https:// and a host, without a path (http:// for this machine only)',
    )
    .optional(),
  LOG_STORE_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/, 'must be the name of a region, such as eu-central-1')
    .default('us-east-1'),
  LOG_STORE_ACCESS_KEY: z.string().min(1).optional(),
  LOG_STORE_SECRET_KEY: z.string().min(1).optional(),
  /** Memory that the programs of one step may use together, MiB. */
  STEP_MEMORY_MB: z.coerce.number().int().min(16).default(4096),
  /** Folder for mirrors and other things that can be lost. */
  DATA_DIR: z.string().default('.signalbox'),
  /** YAML file that maps tokens of the command line and of webhooks to people and machines. */
  TOKENS_FILE: z.string().optional(),
  /** YAML file, readable by its owner alone, with the secret of each person's authenticator. */
  SECOND_FACTORS_FILE: z.string().optional(),
  /** JSON with any of OperationTimings, ms. */
  TIMINGS: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** For the command line: the bot's address and the caller's token. */
  SIGNALBOX_URL: z.url().optional(),
  SIGNALBOX_TOKEN: z.string().optional(),
});

export type Config = Readonly<z.infer<typeof settings>>;
export type Setting = keyof Config;

/** Names of all settings, for `doctor`, the docs and their test. */
export const settingNames = Object.keys(settings.shape) as readonly Setting[];

const secrets: readonly Setting[] = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'TEMPORAL_API_KEY',
  'REDIS_URL',
  'LEDGER_KEY',
  'RELAY_KEY',
  'BLOB_KEY',
  'LOG_STORE_SECRET_KEY',
  'SIGNALBOX_TOKEN',
];

/**
 * Reads the settings that a process needs. Throws one `Refusal` that lists every problem by setting name and never
 * shows a value.
 */
export function readConfig(needed: readonly Setting[], env: NodeJS.ProcessEnv = process.env): Config {
  const { config, problems } = inspectConfig(needed, env);
  if (problems.length === 0) return config as Config;
  const listed = problems.map(({ name, why }) => `  - ${name} ${why}`).join('\n');
  throw new Refusal(
    'setting_invalid',
    `Signalbox cannot start because of its settings:\n${listed}\nSet them in the environment (docs/operations.md lists all).`,
  );
}

/** The same without throwing, for `doctor`: what can be used, what is wrong, and which names are set at all. */
export function inspectConfig(
  needed: readonly Setting[],
  env: NodeJS.ProcessEnv = process.env,
): {
  readonly config: Partial<Config>;
  readonly problems: readonly { readonly name: string; readonly why: string }[];
  readonly given: ReadonlySet<Setting>;
} {
  const problems = new Map<string, { readonly name: string; readonly why: string }>();
  const add = (name: string, why: string) => problems.set(`${name} ${why}`, { name, why });
  const given: Record<string, string> = {};
  for (const name of settingNames) {
    const value = env[name];
    if (value !== undefined && value !== '') given[name] = value;
    else if (secrets.includes(name) && env[`${name}_FILE`]) {
      try {
        given[name] = readFileSync(env[`${name}_FILE`]!, 'utf8').trim();
      } catch {
        add(`${name}_FILE`, 'names a file that cannot be read');
      }
    }
  }
  const usable: Record<string, unknown> = {};
  for (const name of settingNames) {
    const parsed = settings.shape[name].safeParse(given[name]);
    if (parsed.success) {
      if (parsed.data !== undefined) usable[name] = parsed.data;
    } else if (given[name] !== undefined) {
      for (const issue of parsed.error.issues) add(name, words(issue.message));
    }
    if (given[name] === undefined && usable[name] === undefined && needed.includes(name)) add(name, 'is not set');
  }
  return { config: usable, problems: [...problems.values()], given: new Set(Object.keys(given) as Setting[]) };
}

function words(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/**
 * Variables of the surrounding system that child programs cannot do without (`PATH`, an ssh agent's socket). Child
 * processes get an environment from scratch; this is the only way anything of ours reaches it.
 */
export function ambient(names: readonly string[], env: NodeJS.ProcessEnv = process.env): { [name: string]: string } {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value ? [[name, value]] : [];
    }),
  );
}

/** What a runner may resolve secret references from: the environment without Signalbox's own settings. */
export function secretsEnvironment(env: NodeJS.ProcessEnv = process.env): {
  readonly [name: string]: string | undefined;
} {
  const own = new Set(settingNames.flatMap((name) => [name, `${name}_FILE`]));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.has(name as Setting)));
}
