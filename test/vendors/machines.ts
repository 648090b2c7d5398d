import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basic, header, Vendor, wrongFields, type Answer, type Call } from './vendor';

export const zosmfPassword = 'zosmf-password-of-a-test';
export const maasKey = 'consumer-key:token-key:token-secret-of-a-test';
export const equinixToken = 'equinix-token-of-a-test';
export const godaddyAuthorization = 'sso-key keyofatest:secretofatest';

interface Job {
  readonly jobname: string;
  readonly jobid: string;
  readonly correlator: string;
  readonly jcl: string;
  looks: number;
}

/** Batch jobs of a z/OS system, as IBM's "z/OS jobs REST interface" describes them. */
export class Zosmf {
  readonly jobs: Job[] = [];
  retcode = 'CC 0000';
  takes = 2;

  readonly server = new Vendor({
    isAuthorized: (headers) => basic('SBXUSER', zosmfPassword)(headers) && headers['x-csrf-zosmf-header'] !== undefined,
    routes: [
      {
        method: 'PUT',
        path: /^\/zosmf\/restjobs\/jobs$/,
        takes: ['text/plain', 'application/octet-stream'],
        answer: (call) => this.submit(call),
      },
      { method: 'GET', path: /^\/zosmf\/restjobs\/jobs$/, answer: (call) => this.list(call) },
      { method: 'GET', path: /^\/zosmf\/restjobs\/jobs\/([^/]+)\/([^/]+)$/, answer: (call) => this.look(call) },
    ],
  });

  private submit(call: Call): Answer {
    const { headers } = call;
    const correlator = String(headers['x-ibm-user-correlator'] ?? '');
    if (!/^[A-Z$#@][A-Z0-9$#@]{0,31}$/.test(correlator))
      return { status: 400, body: { rc: 4, category: 6, message: 'the user correlator is not valid' } };
    const text = jclOf(call);
    if (text === undefined) return { status: 400, body: { rc: 4, category: 6, message: 'the records are not valid' } };
    const jobname = /^\/\/([A-Z$#@][A-Z0-9$#@]{0,7}) JOB /.exec(text)?.[1];
    if (!jobname) return { status: 400, body: { rc: 4, category: 6, message: 'the input is no job' } };
    const job = { jobname, jobid: `JOB0${1001 + this.jobs.length}`, correlator, jcl: text, looks: 0 };
    this.jobs.push(job);
    return { status: 201, body: this.told(job) };
  }

  private list({ query }: Call): Answer {
    const correlator = query.get('user-correlator');
    return {
      status: 200,
      body: this.jobs.filter((job) => job.correlator === correlator).map((job) => this.told(job)),
    };
  }

  private look({ parts }: Call): Answer {
    const job = this.jobs.find(({ jobname, jobid }) => jobname === parts[0] && jobid === parts[1]);
    if (!job) return { status: 400, body: { rc: 4, reason: 10, message: 'No job found for reference' } };
    job.looks += 1;
    return { status: 200, body: this.told(job) };
  }

  private told({ jobname, jobid, looks }: Job): object {
    const status = looks > this.takes ? 'OUTPUT' : looks > 0 ? 'ACTIVE' : 'INPUT';
    return {
      jobname,
      jobid,
      owner: 'SBXUSER',
      type: 'JOB',
      status,
      retcode: status === 'OUTPUT' ? this.retcode : null,
    };
  }
}

const ebcdic = JSON.parse(readFileSync(join(__dirname, '../steps/code-pages.json'), 'utf8')) as {
  readonly characters: string;
  readonly 1047: string;
};

/** Text as it is, or records of 80 bytes in the system's own code page, 1047, which nobody converts. */
function jclOf({ headers, text, bytes }: Call): string | undefined {
  const mode = headers['x-ibm-intrdr-mode'] ?? 'TEXT';
  const isText = headers['content-type'] === 'text/plain';
  if (isText || mode === 'TEXT') return isText && mode === 'TEXT' ? text : undefined;
  const length = Number(headers['x-ibm-intrdr-lrecl'] ?? 80);
  if (mode !== 'BINARY' || length !== 80 || bytes.length % length !== 0) return undefined;
  const characters = new Map([...ebcdic.characters].map((character, at) => [byteAt(at), character]));
  const decoded = [...bytes].map((byte) => characters.get(byte) ?? '\0').join('');
  return (decoded.match(/.{80}/gs) ?? []).map((record) => record.trimEnd()).join('\n');
}

function byteAt(place: number): number {
  return Number.parseInt(ebcdic[1047].slice(2 * place, 2 * place + 2), 16);
}

/** One machine of MAAS, as its API 2.0 describes it; each request needs a nonce of its own. */
export class Maas {
  status = 'Ready';
  ends = 'Deployed';
  takes = 2;
  deploys = 0;
  releases = 0;
  series: string | null = null;
  private readonly nonces = new Set<string>();
  private left = 0;

  readonly server = new Vendor({
    isAuthorized: (headers) => this.isSigned(headers.authorization ?? ''),
    routes: [
      { method: 'GET', path: /^\/MAAS\/api\/2\.0\/machines\/abc123\/$/, answer: () => this.look() },
      {
        method: 'POST',
        path: /^\/MAAS\/api\/2\.0\/machines\/abc123\/op-deploy$/,
        takes: 'application/x-www-form-urlencoded',
        answer: (call) => this.deploy(call),
      },
      {
        method: 'POST',
        path: /^\/MAAS\/api\/2\.0\/machines\/abc123\/op-release$/,
        takes: 'application/x-www-form-urlencoded',
        answer: () => {
          this.releases += 1;
          this.status = 'Ready';
          return { status: 200, body: this.machine() };
        },
      },
    ],
  });

  private isSigned(authorization: string): boolean {
    const fields = Object.fromEntries(
      [...authorization.matchAll(/(oauth_\w+)="([^"]*)"/g)].map(([, name, value]) => [
        name,
        decodeURIComponent(value!),
      ]),
    );
    const isFresh = Math.abs(Date.now() / 1_000 - Number(fields.oauth_timestamp)) < 300;
    const isNew = Boolean(fields.oauth_nonce) && !this.nonces.has(fields.oauth_nonce!);
    this.nonces.add(fields.oauth_nonce!);
    return (
      authorization.startsWith('OAuth ') &&
      fields.oauth_signature_method === 'PLAINTEXT' &&
      fields.oauth_consumer_key === 'consumer-key' &&
      fields.oauth_token === 'token-key' &&
      fields.oauth_signature === '&token-secret-of-a-test' &&
      isFresh &&
      isNew
    );
  }

  private deploy({ form }: Call): Answer {
    if (!['Ready', 'Allocated'].includes(this.status))
      return { status: 409, body: { message: `Can't deploy a machine that is in the '${this.status}' state` } };
    this.deploys += 1;
    this.series = form.get('distro_series');
    this.status = 'Deploying';
    this.left = this.takes;
    return { status: 200, body: this.machine() };
  }

  private look(): Answer {
    if (this.status === 'Deploying' && (this.left -= 1) < 0) this.status = this.ends;
    return { status: 200, body: this.machine() };
  }

  private machine(): object {
    return { system_id: 'abc123', status_name: this.status, fqdn: 'node1.maas', ip_addresses: ['192.0.2.7'] };
  }
}

/** Servers of one Equinix Metal project, as its API describes them. */
export class EquinixMetal {
  readonly devices: { readonly id: string; readonly hostname: string; readonly tags: string[]; looks: number }[] = [];
  ends = 'active';
  takes = 2;
  private made = 0;

  readonly server = new Vendor({
    isAuthorized: header('x-auth-token', equinixToken),
    routes: [
      {
        method: 'POST',
        path: /^\/metal\/v1\/projects\/[0-9a-f-]{36}\/devices$/,
        takes: 'application/json',
        answer: ({ json }) => {
          const text = 'string';
          const wanted = { hostname: text, plan: text, metro: text, operating_system: text, tags: 'object' } as const;
          const wrong = wrongFields(json, wanted);
          if (wrong) return { ...wrong, status: 422 };
          this.made += 1;
          const id = `${String(this.made).padStart(8, '0')}-0000-4000-8000-000000000000`;
          const device = { id, hostname: json.hostname as string, tags: json.tags as string[], looks: 0 };
          this.devices.push(device);
          return { status: 201, body: this.told(device) };
        },
      },
      {
        method: 'GET',
        path: /^\/metal\/v1\/projects\/[0-9a-f-]{36}\/devices$/,
        answer: ({ query }) => {
          const found = this.devices.filter(({ tags }) => tags.includes(query.get('tag') ?? ''));
          return { status: 200, body: { devices: found.map((device) => this.told(device)), meta: {} } };
        },
      },
      {
        method: 'GET',
        path: /^\/metal\/v1\/devices\/([0-9a-f-]{36})$/,
        answer: ({ parts }) => {
          const device = this.devices.find(({ id }) => id === parts[0]);
          if (!device) return { status: 404, body: { errors: ['Not found'] } };
          device.looks += 1;
          return { status: 200, body: this.told(device) };
        },
      },
      {
        method: 'DELETE',
        path: /^\/metal\/v1\/devices\/([0-9a-f-]{36})$/,
        answer: ({ parts }) => {
          const at = this.devices.findIndex(({ id }) => id === parts[0]);
          if (at < 0) return { status: 404, body: { errors: ['Not found'] } };
          this.devices.splice(at, 1);
          return { status: 204 };
        },
      },
    ],
  });

  private told({ id, hostname, looks }: EquinixMetal['devices'][number]): object {
    const state = looks > this.takes ? this.ends : looks > 0 ? 'provisioning' : 'queued';
    const ip_addresses = [
      { address: '10.0.0.7', address_family: 4, public: false },
      { address: '192.0.2.9', address_family: 4, public: true },
    ];
    return { id, hostname, state, ip_addresses: state === 'active' ? ip_addresses : [] };
  }
}

/** DNS records of GoDaddy, as its Domains API v1 describes them. */
export class GoDaddy {
  readonly records = new Map<string, readonly { readonly data: string; readonly ttl: number }[]>();

  readonly server = new Vendor({
    isAuthorized: header('authorization', godaddyAuthorization),
    routes: [
      { method: 'GET', path: this.path, answer: ({ parts }) => ({ status: 200, body: this.told(parts) }) },
      {
        method: 'PUT',
        path: this.path,
        takes: 'application/json',
        answer: ({ parts, json }) => {
          const records = json as unknown as readonly { readonly data: string; readonly ttl: number }[];
          if (!Array.isArray(records) || records.length === 0)
            return { status: 422, body: { code: 'INVALID_BODY', message: 'records are missing' } };
          this.records.set(parts.join('/'), records);
          return { status: 200 };
        },
      },
      {
        method: 'DELETE',
        path: this.path,
        answer: ({ parts }) => ({ status: this.records.delete(parts.join('/')) ? 204 : 404 }),
      },
    ],
  });

  private get path(): RegExp {
    return /^\/v1\/domains\/([a-z0-9.-]+)\/records\/([A-Z]+)\/([^/]+)$/;
  }

  private told(parts: readonly string[]): readonly object[] {
    const [, type, name] = parts;
    return (this.records.get(parts.join('/')) ?? []).map((record) => ({ ...record, name, type }));
  }
}
