import { z } from 'zod';
import { text } from '../documents/text';

/** One address and nothing around it: no name, no second address, no end of a line. */
export const emailAddress = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;

const segment = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
const vaultPath = new RegExp(`^${segment}(?:/${segment}){0,20}$`);

const sopsFile = new RegExp(`^${segment}(?:/${segment}){1,20}\\.(?:ya?ml|json)$`);
const sopsKey = /^[A-Za-z0-9_-]{1,100}(?:\.[A-Za-z0-9_-]{1,100}){0,10}$/;

/** Where a secret lies. Only the runner that uses the connection ever reads it (law 10). */
export const secretReference = z.union([
  z.strictObject({ env: text().regex(/^[A-Z][A-Z0-9_]*$/, 'has to be the name of an environment variable') }),
  z.strictObject({ file: text().startsWith('/', 'has to be an absolute path') }),
  /** A key of a secret in Vault or OpenBao, in an engine of the kind KV version 2. */
  z.strictObject({
    vault: text().max(500).regex(vaultPath, 'has to be the path of a secret, such as apps/shop'),
    key: text().regex(/^[A-Za-z0-9_.-]{1,100}$/, 'has to be a key of that secret'),
    /** Where the engine is mounted; `secret` where it is not said. */
    mount: text().max(200).regex(vaultPath, 'has to be where an engine is mounted').optional(),
  }),
  /** A value in a file of the policy repository that SOPS has encrypted, as it is at the commit of the policy. */
  z.strictObject({
    sops: text().max(200).regex(sopsFile, 'has to be a YAML or JSON file in a folder, such as secrets/shop.yaml'),
    key: text().regex(sopsKey, 'has to be the way to a value in that file, such as database.password'),
  }),
]);

const auth = z.union([
  z.strictObject({ bearer: secretReference }),
  z.strictObject({ basic: z.strictObject({ user: text(), password: secretReference }) }),
  /** OAuth 1.0 with PLAINTEXT signatures, as MAAS takes it: `consumer:token:secret`. */
  z.strictObject({ oauth: secretReference }),
  z.strictObject({ header: z.strictObject({ name: text(), value: secretReference }) }),
]);

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const name = text().regex(/^[a-z][a-z0-9-]*$/, 'has to be lower-case letters, digits and hyphens, a letter first');

const endpoint = z.strictObject({
  name,
  /**
   * How metrics are read from it: `prometheus` by its query API, `exposition` as text at `metrics_path`, `http` not
   * at all. `http/request` may use any kind.
   */
  kind: z.enum(['http', 'prometheus', 'exposition']),
  origin: text(),
  /** Paths that requests may go to; without them, any. */
  path_prefixes: z.array(text().startsWith('/', 'has to start with /')).min(1).optional(),
  methods: z.array(z.enum(httpMethods)).min(1).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  auth: auth.optional(),
  /** Time limit of one request, 30s where it is not said. */
  timeout: text().optional(),
  metrics_path: text().startsWith('/', 'has to start with /').optional(),
});

/** A repository: the worker reads it for facts about changes, steps of the kinds `git/…` read and, if it says so, write it. */
const repository = z.strictObject({
  name,
  kind: z.literal('git'),
  /** `https://`, `ssh://`, `git@host:path` or `file://`; never with a password in it. */
  url: text().max(1_000),
  /** Access token of an https address. */
  token: secretReference.optional(),
  /** Whether steps may push to it. */
  write: z.boolean().optional(),
});

/** Whether the line is encrypted and the other side proves who it is (`verify`), or neither. */
const tls = z.enum(['verify', 'off']).default('verify');

const postgres = z.strictObject({
  name,
  kind: z.literal('postgres'),
  host: text(),
  port: z.int().min(1).max(65_535).default(5432),
  database: text(),
  user: text(),
  password: secretReference.optional(),
  tls,
});

const kafka = z.strictObject({
  name,
  kind: z.literal('kafka'),
  /** `host:port` of brokers to ask first. */
  brokers: z.array(text()).min(1).max(20),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      user: text(),
      password: secretReference,
    })
    .optional(),
  tls,
});

const smtp = z.strictObject({
  name,
  kind: z.literal('smtp'),
  host: text(),
  port: z.int().min(1).max(65_535).default(587),
  /** `starttls` begins in the clear and refuses to go on without TLS. */
  tls: z.enum(['starttls', 'tls', 'off']).default('starttls'),
  user: text().optional(),
  password: secretReference.optional(),
  /** Who mails come from. */
  from: text().regex(emailAddress, 'has to be an e-mail address'),
});

/** The shape of `connections/<name>.yaml`: a named endpoint, and all that may be asked of it. */
export const connectionSchema = z.strictObject({
  connection: z.discriminatedUnion('kind', [endpoint, repository, postgres, kafka, smtp]),
});

export const connectionKinds = ['http', 'prometheus', 'exposition', 'git', 'postgres', 'kafka', 'smtp'] as const;
export type ConnectionKind = (typeof connectionKinds)[number];
/** Kinds that are asked by HTTP. */
export const httpKinds = ['http', 'prometheus', 'exposition'] as const satisfies readonly ConnectionKind[];

/** An endpoint that is asked by HTTP. */
export type Connection = z.infer<typeof endpoint>;
export type GitConnection = z.infer<typeof repository>;
export type PostgresConnection = z.infer<typeof postgres>;
export type KafkaConnection = z.infer<typeof kafka>;
export type SmtpConnection = z.infer<typeof smtp>;
/** What steps may use; each kind of step says which kinds. */
export type AnyConnection = z.infer<typeof connectionSchema>['connection'];
export type SecretReference = z.infer<typeof secretReference>;
