import type { Setting } from '../../config';

/** Who cannot do without a setting. */
export type Need = 'always' | 'bot' | 'sometimes';

export interface SettingRow {
  readonly name: Setting;
  /** One full sentence. */
  readonly about: string;
  /** `always`: worker and bot need it; `sometimes`: there is a default, or it is fine without. */
  readonly need: Need;
  /** As it looks; never a value that would work. */
  readonly example?: string;
  readonly secret?: true;
}

/** Every setting there is, for `init`, `doctor` and docs/operations.md; a test compares it with src/config.ts. */
export const settingsTable: readonly SettingRow[] = [
  {
    name: 'SLACK_BOT_TOKEN',
    need: 'always',
    secret: true,
    example: 'xoxb-…',
    about: 'Bot token of the Slack app; only the bot needs it.',
  },
  {
    name: 'SLACK_APP_TOKEN',
    need: 'sometimes',
    secret: true,
    example: 'xapp-…',
    about: 'App token for Socket Mode, with the scope connections:write; leave it out in HTTP mode.',
  },
  {
    name: 'SLACK_SIGNING_SECRET',
    need: 'sometimes',
    secret: true,
    about: 'Signing secret of the Slack app, for HTTP mode.',
  },
  {
    name: 'SLACK_API_URL',
    need: 'sometimes',
    example: 'https://slack.com/api/',
    about: "Address of the Slack API, when it is not Slack's own.",
  },
  {
    name: 'SLACK_SOCKETS',
    need: 'sometimes',
    example: '2',
    about: 'Socket Mode connections, 1 to 10; two close the gap when Slack renews one.',
  },
  {
    name: 'SLACK_RATE_SCALE',
    need: 'sometimes',
    example: '1',
    about: "How many times faster than Slack's limits messages may go out; only for stand-ins of Slack.",
  },
  {
    name: 'SLACK_DATE_TOKENS',
    need: 'sometimes',
    example: 'true',
    about: "Whether the Slack client shows times in the reader's own zone; stand-ins do not.",
  },
  {
    name: 'PORT',
    need: 'sometimes',
    example: '3000',
    about: 'Port for health and metrics; at the bot also for the command line, webhooks and Slack in HTTP mode.',
  },
  {
    name: 'HOST',
    need: 'sometimes',
    example: '127.0.0.1',
    about: 'Address that PORT listens at; 0.0.0.0 only behind a proxy that speaks TLS.',
  },
  {
    name: 'PUBLIC_URL',
    need: 'sometimes',
    example: 'https://signalbox.company.example',
    about:
      "Where people's browsers reach PORT of the bot; links to whole logs begin with it, and there are none without.",
  },
  {
    name: 'TEMPORAL_ADDRESS',
    need: 'sometimes',
    example: '127.0.0.1:7233',
    about: 'Host and port of the Temporal frontend.',
  },
  { name: 'TEMPORAL_NAMESPACE', need: 'sometimes', example: 'default', about: 'Temporal namespace; it has to exist.' },
  { name: 'TEMPORAL_API_KEY', need: 'sometimes', secret: true, about: 'API key for Temporal Cloud; TLS is then on.' },
  {
    name: 'TEMPORAL_TLS_CERT',
    need: 'sometimes',
    example: '/etc/signalbox/temporal.pem',
    about: 'File with the client certificate for Temporal; goes with TEMPORAL_TLS_KEY.',
  },
  {
    name: 'TEMPORAL_TLS_KEY',
    need: 'sometimes',
    example: '/etc/signalbox/temporal.key',
    about: 'File with the key of the client certificate.',
  },
  {
    name: 'TEMPORAL_TLS_CA',
    need: 'sometimes',
    example: '/etc/signalbox/ca.pem',
    about: 'File with the certificate of the authority that signed the Temporal server.',
  },
  {
    name: 'TEMPORAL_UI_URL',
    need: 'sometimes',
    example: 'https://temporal.example.com',
    about: "Address of Temporal's Web UI; cards link there when it is set.",
  },
  {
    name: 'REDIS_URL',
    need: 'sometimes',
    secret: true,
    example: 'redis://127.0.0.1:6379',
    about:
      'Redis with append-only file, for the spill queue and shared limits; without it one bot and one worker work alone.',
  },
  {
    name: 'REDIS_PREFIX',
    need: 'sometimes',
    example: 'signalbox',
    about: 'Begins every key in Redis, so that several companies can share one.',
  },
  {
    name: 'POLICY_REPO',
    need: 'always',
    example: 'git@git.example.com:platform/policy.git',
    about: 'Git repository with the policy: https, ssh, file or a path.',
  },
  { name: 'POLICY_REF', need: 'sometimes', example: 'main', about: 'Branch or tag of the policy that is the law.' },
  {
    name: 'POLICY_SIGNERS',
    need: 'sometimes',
    example: '/etc/signalbox/policy-signers',
    about:
      'File with the public ssh keys that may sign policy commits; the first commit that is believed needs one of them.',
  },
  {
    name: 'POLICY_WEB_URL',
    need: 'sometimes',
    example: 'https://git.example.com/policy/blob/{commit}/{file}#L{line}',
    about: 'Where people look at a line of the policy; guessed for GitHub, GitLab, Gitea, Forgejo and Bitbucket.',
  },
  {
    name: 'POLICY_POLL_MS',
    need: 'sometimes',
    example: '15000',
    about: 'How often the policy is fetched, in milliseconds.',
  },
  {
    name: 'LEDGER_REPO',
    need: 'always',
    example: 'git@git.example.com:platform/ledger.git',
    about: 'Git repository for the ledger; Signalbox has to be allowed to push to it, and best nobody else.',
  },
  { name: 'LEDGER_REF', need: 'sometimes', example: 'refs/heads/ledger', about: 'Ref of the ledger.' },
  {
    name: 'LEDGER_KEY',
    need: 'sometimes',
    secret: true,
    about:
      'Ed25519 private key (PEM) that signs records: openssl genpkey -algorithm ed25519; without it each process makes one in DATA_DIR.',
  },
  {
    name: 'RELAY_KEY',
    need: 'always',
    secret: true,
    about:
      'At least 32 characters, the same for bot and worker: openssl rand -hex 32; it signs what the bot hands over.',
  },
  {
    name: 'BLOB_STORE',
    need: 'always',
    example: '/var/lib/signalbox/blobs',
    about: 'Folder for plans and files, shared by worker and runners.',
  },
  {
    name: 'BLOB_KEY',
    need: 'sometimes',
    secret: true,
    about:
      '32 bytes in hex or base64 that encrypt the blob store: openssl rand -hex 32; made beside the folder when absent.',
  },
  {
    name: 'RUNNER_POOLS',
    need: 'sometimes',
    example: 'default',
    about: 'Runner pools that a runner serves, separated by commas.',
  },
  {
    name: 'RUNNER_PROGRAMS',
    need: 'sometimes',
    example: '/etc/signalbox/programs.yaml',
    about: 'YAML file that names the programs which steps of the kind program may run on this runner.',
  },
  {
    name: 'VAULT_ADDR',
    need: 'sometimes',
    example: 'https://vault.company.example:8200',
    about:
      'Vault or OpenBao, where secrets of connections may lie; for runners, and workers whose code repositories need it.',
  },
  {
    name: 'VAULT_NAMESPACE',
    need: 'sometimes',
    example: 'platform',
    about: 'Namespace in Vault, where it has any.',
  },
  {
    name: 'VAULT_TOKEN_FILE',
    need: 'sometimes',
    example: '/run/secrets/vault-token',
    about: 'File with the token for Vault, read anew for each secret, since an agent may renew it.',
  },
  {
    name: 'VAULT_ROLE_ID',
    need: 'sometimes',
    about: 'Role of AppRole in Vault, instead of a token file.',
  },
  {
    name: 'VAULT_SECRET_ID_FILE',
    need: 'sometimes',
    example: '/run/secrets/vault-secret-id',
    about: 'File with the secret id that goes with VAULT_ROLE_ID.',
  },
  {
    name: 'SOPS_KEY_FILE',
    need: 'sometimes',
    example: '/run/secrets/age-key',
    about:
      'File with the age key of this runner, as age-keygen writes it, for secrets in files of the policy repository that SOPS has encrypted.',
  },
  {
    name: 'LOG_STORE',
    need: 'sometimes',
    example: '/var/lib/signalbox/logs',
    about:
      'Where the output of programs goes that steps run: a folder, or s3://bucket/prefix for an S3-compatible bucket; the folder logs in DATA_DIR when left out. Runners write it; the bot and the command line read it.',
  },
  {
    name: 'LOG_STORE_ENDPOINT',
    need: 'sometimes',
    example: 'https://minio.company.example:9000',
    about: 'Server that has the bucket of LOG_STORE; that of AWS in LOG_STORE_REGION when left out.',
  },
  {
    name: 'LOG_STORE_REGION',
    need: 'sometimes',
    example: 'eu-central-1',
    about: 'Region of the bucket of LOG_STORE.',
  },
  {
    name: 'LOG_STORE_ACCESS_KEY',
    need: 'sometimes',
    about: 'Access key for the bucket of LOG_STORE; nothing else is tried, no profile and no role of the machine.',
  },
  {
    name: 'LOG_STORE_SECRET_KEY',
    need: 'sometimes',
    secret: true,
    about: 'Secret that goes with LOG_STORE_ACCESS_KEY.',
  },
  {
    name: 'STEP_MEMORY_MB',
    need: 'sometimes',
    example: '4096',
    about: 'Memory in MiB that the programs of one step may use together before they are ended.',
  },
  {
    name: 'DATA_DIR',
    need: 'sometimes',
    example: '/var/lib/signalbox',
    about: 'Folder for Git mirrors and other things that can be lost.',
  },
  {
    name: 'TOKENS_FILE',
    need: 'sometimes',
    example: '/etc/signalbox/tokens.yaml',
    about: 'YAML file that says which person or machine a token of the command line or a webhook stands for.',
  },
  {
    name: 'SECOND_FACTORS_FILE',
    need: 'sometimes',
    example: '/etc/signalbox/second-factors.yaml',
    about:
      'File of mode 0600 with the secrets of people\'s authenticators, which "signalbox second-factor enroll" writes; only the bot reads it.',
  },
  {
    name: 'TIMINGS',
    need: 'sometimes',
    example: '{"livenessMs":60000}',
    about: 'JSON with other waits than the usual ones, in milliseconds.',
  },
  { name: 'LOG_LEVEL', need: 'sometimes', example: 'info', about: 'debug, info, warn, error or silent.' },
  {
    name: 'SIGNALBOX_URL',
    need: 'sometimes',
    example: 'http://127.0.0.1:3000',
    about: "For the command line: the bot's address.",
  },
  { name: 'SIGNALBOX_TOKEN', need: 'sometimes', secret: true, about: "For the command line: the caller's token." },
];
