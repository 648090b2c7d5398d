import { basic, Vendor, wrongFields, type Answer, type Call } from './vendor';

export const servicenowPassword = 'servicenow-password-of-a-test';
export const jiraToken = 'jira-token-of-a-test';
export const routingKey = 'R0UTINGKEY00000000000000000000AB';

type Record = { readonly [field: string]: string };

/** Tables of ServiceNow, as its Table API describes them. */
export class ServiceNow {
  readonly tickets: { [field: string]: string }[] = [];
  patches = 0;
  /** A close code that this instance does not know. */
  refusesCloseCode?: string;
  /** Configuration items of the CMDB, by `<table>/<sys_id>`. */
  readonly items = new Map<string, { [field: string]: string }>();

  readonly server = new Vendor({
    isAuthorized: basic('signalbox', servicenowPassword),
    routes: [
      {
        method: 'POST',
        path: /^\/api\/now\/table\/([a-z0-9_]+)$/,
        takes: 'application/json',
        answer: (call) => this.create(call),
      },
      { method: 'GET', path: /^\/api\/now\/table\/([a-z0-9_]+)$/, answer: (call) => this.search(call) },
      {
        method: 'GET',
        path: /^\/api\/now\/table\/([a-z0-9_]+)\/([0-9a-f]{32})$/,
        answer: (call) => this.look(call),
      },
      {
        method: 'PATCH',
        path: /^\/api\/now\/table\/([a-z0-9_]+)\/([0-9a-f]{32})$/,
        takes: 'application/json',
        answer: (call) => this.patch(call),
      },
    ],
  });

  private create({ parts, json }: Call): Answer {
    const fields = json as Record;
    // A longer one is cut by the server in silence, and never found again.
    if ((fields.correlation_id ?? '').length > 100) return { status: 400, body: { error: { message: 'too long' } } };
    const number = `INC${String(10_001 + this.tickets.length).padStart(7, '0')}`;
    const sys_id = (this.tickets.length + 1).toString(16).padStart(32, '0');
    const ticket = { ...fields, sys_id, number, table: parts[0]!, state: '1' };
    this.tickets.push(ticket);
    return { status: 201, body: { result: ticket } };
  }

  private search({ parts, query }: Call): Answer {
    const [field, value] = (query.get('sysparm_query') ?? '').split('=');
    const found = this.tickets.filter((ticket) => ticket.table === parts[0] && ticket[field!] === value);
    const fields = (query.get('sysparm_fields') ?? '').split(',');
    const result = found
      .slice(0, Number(query.get('sysparm_limit') ?? 10_000))
      .map((ticket) => Object.fromEntries(fields.map((name) => [name, ticket[name]])));
    return { status: 200, body: { result } };
  }

  private look({ parts, query }: Call): Answer {
    const item = this.items.get(parts.join('/'));
    return item ? { status: 200, body: { result: fieldsOf(item, query) } } : noRecord;
  }

  private patch({ parts, json, query }: Call): Answer {
    const item = this.items.get(parts.join('/'));
    const ticket = this.tickets.find(({ table, sys_id }) => table === parts[0] && sys_id === parts[1]);
    if (!item && !ticket) return noRecord;
    if (this.refusesCloseCode !== undefined && json.close_code === this.refusesCloseCode)
      return { status: 400, body: { error: { message: 'Invalid close code' }, status: 'failure' } };
    this.patches += 1;
    // Fields that the table does not have are ignored.
    for (const [field, value] of Object.entries(json as Record))
      if (!item || Object.hasOwn(item, field)) (item ?? ticket)![field] = value;
    return { status: 200, body: { result: fieldsOf((item ?? ticket)!, query) } };
  }
}

const noRecord: Answer = { status: 404, body: { error: { message: 'No Record found' }, status: 'failure' } };

/** What `sysparm_fields` asks for; names that are not there are ignored. */
function fieldsOf(record: Record, query: URLSearchParams): Record {
  const asked = query.get('sysparm_fields')?.split(',');
  return Object.fromEntries(Object.entries(record).filter(([field]) => asked?.includes(field) ?? true));
}

/** Issues of one Jira Cloud site, as its REST API v3 describes them. */
export class Jira {
  readonly issues: { readonly key: string; readonly fields: { readonly [field: string]: unknown } }[] = [];

  readonly server = new Vendor({
    isAuthorized: basic('signalbox@example.com', jiraToken),
    routes: [
      {
        method: 'POST',
        path: /^\/rest\/api\/3\/issue$/,
        takes: 'application/json',
        answer: ({ json }) => {
          const fields = json.fields as { readonly [field: string]: unknown };
          const wrong = wrongFields(fields, {
            project: 'object',
            issuetype: 'object',
            summary: 'string',
            labels: 'object',
            description: 'object',
          });
          if (wrong) return wrong;
          // Version 3 takes rich text in its own document format only.
          if ((fields.description as { type?: string }).type !== 'doc')
            return { status: 400, body: { errors: { description: 'Operation value must be an Atlassian Document' } } };
          const key = `${(fields.project as { key: string }).key}-${this.issues.length + 1}`;
          this.issues.push({ key, fields });
          return { status: 201, body: { id: String(10_000 + this.issues.length), key, self: `https://x/${key}` } };
        },
      },
      {
        method: 'GET',
        path: /^\/rest\/api\/3\/search\/jql$/,
        answer: ({ query }) => {
          const label = /^labels=(\S+)$/.exec(query.get('jql') ?? '')?.[1];
          if (label === undefined) return { status: 400, body: { errorMessages: ['Error in the JQL Query'] } };
          const found = this.issues.filter(({ fields }) => (fields.labels as string[]).includes(label));
          return { status: 200, body: { issues: found.map(({ key }) => ({ id: '1', key })), isLast: true } };
        },
      },
    ],
  });
}

/** One service of PagerDuty, as its Events API v2 describes it: events with the same key are the same alert. */
export class PagerDuty {
  readonly alerts = new Map<string, string>();
  events = 0;

  readonly server = new Vendor({
    isAuthorized: () => true,
    routes: [
      {
        method: 'POST',
        path: /^\/v2\/enqueue$/,
        takes: 'application/json',
        answer: ({ json }) => this.enqueue(json),
      },
    ],
  });

  private enqueue(json: Call['json']): Answer {
    const errors = [
      ...(json.routing_key === routingKey ? [] : ["'routing_key' is invalid"]),
      ...(['trigger', 'acknowledge', 'resolve'].includes(json.event_action as string)
        ? []
        : ["'event_action' is invalid"]),
      ...(json.event_action === 'trigger' ? payloadErrors(json.payload) : []),
    ];
    if (errors.length > 0)
      return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors } };
    const key = json.dedup_key as string;
    this.events += 1;
    this.alerts.set(key, json.event_action as string);
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
  }
}

function payloadErrors(payload: unknown): readonly string[] {
  const { summary, source, severity } = (payload ?? {}) as { readonly [field: string]: unknown };
  const isKnown = ['critical', 'error', 'warning', 'info'].includes(severity as string);
  return [
    ...(typeof summary === 'string' && summary !== '' ? [] : ["'payload.summary' is missing"]),
    ...(typeof source === 'string' && source !== '' ? [] : ["'payload.source' is missing"]),
    ...(isKnown ? [] : ["'payload.severity' is invalid"]),
  ];
}
