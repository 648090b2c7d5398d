import { randomBytes } from 'node:crypto';

/** docs.slack.dev/interactivity/handling-user-interaction: a trigger lives three seconds and works once. */
export const TRIGGER_LIFETIME_MS = 3_000;
/** Same page: a response_url takes five posts within thirty minutes. */
export const RESPONSE_URL_USES = 5;
export const RESPONSE_URL_LIFETIME_MS = 30 * 60_000;

export type TriggerAnswer =
  | { readonly kind: 'valid'; readonly user: string }
  | { readonly kind: 'refused'; readonly error: 'invalid_trigger_id' | 'expired_trigger_id' | 'exchanged_trigger_id' };

/** Where a response_url leads: back to the place and person the interaction came from. */
export interface ResponseTarget {
  readonly channel: string;
  readonly user: string;
  readonly thread_ts?: string;
  /** The message that carried the clicked element, public or ephemeral. */
  readonly originTs?: string;
  /** The last ephemeral sent through this url: what `replace_original` means after a command. */
  lastEphemeralTs?: string;
}

interface ResponseUrl {
  readonly target: ResponseTarget;
  readonly bornAt: number;
  uses: number;
}

/** The short-lived handles Slack puts into payloads. */
export class Triggers {
  private readonly triggers = new Map<string, { user: string; bornAt: number; used: boolean }>();
  private readonly urls = new Map<string, ResponseUrl>();

  constructor(private readonly scale: number) {}

  issue(user: string): string {
    const id = `${Date.now()}.${Math.floor(Math.random() * 1e12)}.${randomBytes(16).toString('hex')}`;
    this.triggers.set(id, { user, bornAt: Date.now(), used: false });
    return id;
  }

  exchange(id: string): TriggerAnswer {
    const trigger = this.triggers.get(id);
    if (!trigger) return { kind: 'refused', error: 'invalid_trigger_id' };
    if (trigger.used) return { kind: 'refused', error: 'exchanged_trigger_id' };
    if (Date.now() - trigger.bornAt > TRIGGER_LIFETIME_MS) return { kind: 'refused', error: 'expired_trigger_id' };
    trigger.used = true;
    return { kind: 'valid', user: trigger.user };
  }

  issueUrl(target: ResponseTarget): string {
    const key = randomBytes(16).toString('hex');
    this.urls.set(key, { target, bornAt: Date.now(), uses: 0 });
    return key;
  }

  /** Counts one use. Undefined when the url is unknown, used up or too old. */
  useUrl(key: string): ResponseTarget | undefined {
    const url = this.urls.get(key);
    if (!url || url.uses >= RESPONSE_URL_USES) return undefined;
    if (Date.now() - url.bornAt > RESPONSE_URL_LIFETIME_MS / this.scale) return undefined;
    url.uses += 1;
    return url.target;
  }
}
