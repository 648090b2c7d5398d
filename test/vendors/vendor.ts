import type { ServerResponse } from 'node:http';
import { Endpoint, type Seen } from '../steps/endpoint';

/** A request as a vendor's handler sees it, once its method, path and authorization are right. */
export interface Call {
  /** What the groups of the route's path hold, decoded. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Seen['headers'];
  /** Body of a request in JSON. */
  readonly json: { readonly [field: string]: unknown };
  readonly form: URLSearchParams;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

type MediaType = 'application/json' | 'application/x-www-form-urlencoded' | 'application/octet-stream' | 'text/plain';

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Media types of which the body has to have one. */
  readonly takes?: MediaType | readonly MediaType[];
  readonly answer: (call: Call) => Answer;
}

/**
 * A vendor's API as its documentation describes it, on 127.0.0.1: what is not in it is refused, so a step that asks for
 * something else fails. Answers can be lost on their way, as networks do.
 */
export class Vendor {
  /** `METHOD path` of every request that was understood. */
  readonly asked: string[] = [];
  /** How many answers to requests that write are still to get lost, after they were carried out. */
  losesAnswers = 0;
  /** Answers of the server itself before anything is carried out, such as 503. */
  readonly refusals: Answer[] = [];
  /** How long it takes to answer, ms. */
  slowMs = 0;
  private readonly endpoint = new Endpoint();

  constructor(
    private readonly spec: {
      readonly isAuthorized: (headers: Seen['headers']) => boolean;
      readonly routes: readonly Route[];
    },
  ) {}

  async start(): Promise<void> {
    await this.endpoint.start();
    this.endpoint.reply = (seen, response) => {
      setTimeout(() => this.take(seen, response), this.slowMs);
    };
  }

  get origin(): string {
    return this.endpoint.origin;
  }

  stop(): Promise<void> {
    return this.endpoint.stop();
  }

  private take(seen: Seen, response: ServerResponse): void {
    const { status, body } = this.answerTo(seen);
    const writes = seen.method !== 'GET' && seen.method !== 'HEAD';
    if (writes && status < 300 && this.losesAnswers > 0) {
      this.losesAnswers -= 1;
      response.destroy();
      return;
    }
    response
      .writeHead(status, body === undefined ? {} : { 'content-type': 'application/json;charset=utf-8' })
      .end(body === undefined ? undefined : JSON.stringify(body));
  }

  private answerTo(seen: Seen): Answer {
    const url = new URL(seen.url, 'http://vendor');
    if (!this.spec.isAuthorized(seen.headers)) return { status: 401, body: { message: 'not authorized' } };
    const route = this.spec.routes.find(({ method, path }) => method === seen.method && path.test(url.pathname));
    if (!route) return { status: 404, body: { message: `there is no ${seen.method} ${url.pathname}` } };
    const type = seen.headers['content-type']?.split(';')[0];
    if (![route.takes].flat().some((taken) => taken === type))
      return { status: 415, body: { message: `it takes ${String(route.takes)}, not ${type}` } };
    const refusal = this.refusals.shift();
    if (refusal) return refusal;
    this.asked.push(`${seen.method} ${url.pathname}`);
    return route.answer({
      parts: route.path.exec(url.pathname)!.slice(1).map(decodeURIComponent),
      query: url.searchParams,
      headers: seen.headers,
      json: type === 'application/json' ? (JSON.parse(seen.body) as Call['json']) : {},
      form: new URLSearchParams(type === 'application/x-www-form-urlencoded' ? seen.body : ''),
      text: seen.body,
      bytes: seen.bytes,
    });
  }
}

export const bearer =
  (token: string) =>
  (headers: Seen['headers']): boolean =>
    headers.authorization === `Bearer ${token}`;

export const basic = (user: string, password: string) =>
  header('authorization', `Basic ${btoa(`${user}:${password}`)}`);

export const header =
  (name: string, value: string) =>
  (headers: Seen['headers']): boolean =>
    headers[name] === value;

/** Says which fields are missing or of another type, as an answer; undefined when all are right. */
export function wrongFields(
  given: { readonly [field: string]: unknown },
  wanted: { readonly [field: string]: 'string' | 'number' | 'boolean' | 'object' },
): Answer | undefined {
  const wrong = Object.entries(wanted)
    .filter(([field, type]) => typeof given[field] !== type)
    .map(([field, type]) => `${field} has to be a ${type}`);
  const unknown = Object.keys(given).filter((field) => !Object.hasOwn(wanted, field));
  const problems = [...wrong, ...unknown.map((field) => `${field} is not known`)];
  return problems.length > 0 ? { status: 400, body: { message: problems.join(', ') } } : undefined;
}
