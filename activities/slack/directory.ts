import type { VoteRefusal } from '../../src/approvals/ballot';
import type { KnownPerson } from '../../src/operation/asker';
import type { SlackApi } from '../adapters/slack-api';
import { lacking, troubleIn } from '../adapters/slack-errors';

/** The workspace whose members count. */
export interface Home {
  readonly teamId: string;
  /** On Enterprise Grid: members of sister workspaces count too. */
  readonly enterpriseId?: string;
}

/** How old an answer of Slack's may be. */
export interface Freshness {
  /** Asked anew when the known answer is older than this, ms. */
  readonly freshMs: number;
  /** When Slack does not answer, an answer at most this old still counts, ms. */
  readonly fallbackMs: number;
}

export type PersonStatus =
  /** `since`: when Slack said so, ms. */
  | { readonly kind: 'member'; readonly since: number }
  | { readonly kind: 'refused'; readonly code: VoteRefusal; readonly detail?: string };

export type Membership =
  /** `since`: when Slack said so, ms. */
  | { readonly kind: 'known'; readonly users: ReadonlySet<string>; readonly since: number }
  /** The workspace has no such group, or no groups at all: nobody. */
  | { readonly kind: 'nobody'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

interface SlackPerson {
  readonly id?: string;
  readonly team_id?: string;
  readonly deleted?: boolean;
  readonly is_bot?: boolean;
  readonly is_workflow_bot?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
  readonly enterprise_user?: { readonly enterprise_id?: string };
}

interface Known<Value> {
  readonly value: Value;
  readonly at: number;
}

interface KnownGroup {
  readonly id: string;
  readonly users: ReadonlySet<string>;
}

/** The plan, or the stand-in, has no user groups at all. */
const groupless = new Set(['plan_upgrade_required', 'paid_teams_only', 'unknown_method']);

const knownMost = 10_000;

/** Who people are, asked of Slack. Every failure is an answer that means no. */
export class Directory {
  private readonly people = new Map<string, Known<SlackPerson>>();
  private readonly groups = new Map<string, Known<ReadonlySet<string>>>();
  private readonly groupLists = new Map<string, Known<readonly KnownGroup[]>>();
  private home: Promise<Home> | undefined;
  private knownHome: Home | undefined;

  constructor(private readonly spec: { readonly api: SlackApi; readonly home?: Home; readonly now: () => number }) {
    this.knownHome = spec.home;
  }

  now(): number {
    return this.spec.now();
  }

  /** Slack says that something about people or groups changed: nothing known counts any more. */
  forget(): void {
    this.people.clear();
    this.groups.clear();
    this.groupLists.clear();
  }

  /** Whether this account is a full, living, human member of our own workspace. */
  async person(id: string, freshness: Freshness): Promise<PersonStatus> {
    if (!/^[UW][A-Z0-9]{1,30}$/.test(id)) return refused('unknown_person');
    if (id === 'USLACKBOT') return refused('bot');
    let person = this.recall(this.people, id, freshness.freshMs);
    if (!person) {
      const asked = await this.askPerson(id);
      if (typeof asked !== 'string') person = this.keep(this.people, id, asked);
      else if (asked === 'user_not_found' || asked === 'user_not_visible') return refused('unknown_person');
      else person = this.recall(this.people, id, freshness.fallbackMs);
      if (!person) return refused('lookup_failed', `users.info: ${asked as string}`);
    }
    return this.judge(person);
  }

  /** Who is in a user group now. */
  async group(id: string, freshness: Freshness): Promise<Membership> {
    const known = this.recall(this.groups, id, freshness.freshMs);
    if (known) return { kind: 'known', users: known.value, since: known.at };
    try {
      const answer = await this.spec.api.call<{ users?: readonly string[] }>({
        method: 'usergroups.users.list',
        args: () => ({ usergroup: id, include_disabled: false }),
        priority: 'decision',
        waitMs: lookupWaitMs,
      });
      if (!Array.isArray(answer.users)) return { kind: 'failed', why: 'usergroups.users.list gave no list' };
      const { value, at } = this.keep(this.groups, id, new Set(answer.users));
      return { kind: 'known', users: value, since: at };
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'refused' && (trouble.error === 'no_such_subteam' || trouble.error === 'subteam_not_found'))
        return { kind: 'nobody', why: `the user group ${id} does not exist or is disabled` };
      if (trouble.kind === 'refused' && lacking.has(trouble.error))
        return {
          kind: 'nobody',
          why: `this workspace does not let Signalbox read user groups (${trouble.error}): list the people of the team under "users" in policy.yaml`,
        };
      const old = this.recall(this.groups, id, freshness.fallbackMs);
      if (old) return { kind: 'known', users: old.value, since: old.at };
      return { kind: 'failed', why: `usergroups.users.list: ${wordsFor(error)}` };
    }
  }

  /** Every user group this account is in, none in a workspace without groups; `unknown` when Slack does not say. */
  async groupsOf(id: string, freshness: Freshness): Promise<readonly string[] | 'unknown'> {
    const known = this.recall(this.groupLists, 'all', freshness.freshMs)?.value ?? (await this.askGroups(freshness));
    if (known === 'unknown') return known;
    return known.filter((group) => group.users.has(id)).map((group) => group.id);
  }

  /** A full member whom Slack's answers, at most this old, describe wholly; asks nothing and waits for nothing. */
  known(id: string, maxAgeMs: number): KnownPerson | undefined {
    const person = this.recall(this.people, id, maxAgeMs);
    const groups = this.recall(this.groupLists, 'all', maxAgeMs);
    if (!person || !groups || !this.knownHome || standingIn(person.value, this.knownHome) !== 'member')
      return undefined;
    const sitsIn = groups.value.filter(({ users }) => users.has(id)).map((group) => group.id);
    return { format: 1, user: id, groups: sitsIn, at: new Date(Math.min(person.at, groups.at)).toISOString() };
  }

  private async askGroups(freshness: Freshness): Promise<readonly KnownGroup[] | 'unknown'> {
    try {
      const answer = await this.spec.api.call<{ usergroups?: readonly { id: string; users?: readonly string[] }[] }>({
        method: 'usergroups.list',
        args: () => ({ include_users: true, include_disabled: false }),
        priority: 'decision',
        waitMs: lookupWaitMs,
      });
      if (!answer.usergroups) return 'unknown';
      const groups = answer.usergroups.map(({ id, users }) => ({ id, users: new Set(users ?? []) }));
      return this.keep(this.groupLists, 'all', groups).value;
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind === 'refused' && groupless.has(trouble.error))
        return this.keep(this.groupLists, 'all', []).value;
      return this.recall(this.groupLists, 'all', freshness.fallbackMs)?.value ?? 'unknown';
    }
  }

  private async judge({ value: person, at }: Known<SlackPerson>): Promise<PersonStatus> {
    const unwelcome = unwelcomeIn(person);
    if (unwelcome) return refused(unwelcome);
    let home: Home;
    try {
      home = await this.homeTeam();
    } catch (error) {
      return refused('lookup_failed', `auth.test: ${wordsFor(error)}`);
    }
    if (!person.team_id)
      return refused('lookup_failed', 'users.info did not say which workspace the person belongs to');
    return standingIn(person, home) === 'member' ? { kind: 'member', since: at } : refused('stranger');
  }

  private async askPerson(id: string): Promise<SlackPerson | string> {
    try {
      const answer = await this.spec.api.call<{ user?: SlackPerson }>({
        method: 'users.info',
        args: () => ({ user: id }),
        priority: 'decision',
        waitMs: lookupWaitMs,
      });
      return answer.user && answer.user.id === id ? answer.user : 'an answer without the person';
    } catch (error) {
      return wordsFor(error);
    }
  }

  private homeTeam(): Promise<Home> {
    if (this.spec.home) return Promise.resolve(this.spec.home);
    this.home ??= this.askHome().then((home) => (this.knownHome = home));
    this.home.catch(() => (this.home = undefined));
    return this.home;
  }

  private async askHome(): Promise<Home> {
    const answer = await this.spec.api.call<{ team_id?: string; enterprise_id?: string }>({
      method: 'auth.test',
      args: () => ({}),
      priority: 'decision',
      waitMs: lookupWaitMs,
    });
    if (!answer.team_id) throw new Error('no workspace in the answer');
    return { teamId: answer.team_id, ...(answer.enterprise_id && { enterpriseId: answer.enterprise_id }) };
  }

  private recall<Value>(book: Map<string, Known<Value>>, id: string, maxAgeMs: number): Known<Value> | undefined {
    const known = book.get(id);
    return known && this.spec.now() - known.at < maxAgeMs ? known : undefined;
  }

  private keep<Value>(book: Map<string, Known<Value>>, id: string, value: Value): Known<Value> {
    const known = { value, at: this.spec.now() };
    book.delete(id);
    book.set(id, known);
    if (book.size > knownMost) book.delete(book.keys().next().value!);
    return known;
  }
}

/** Why somebody never counts, wherever they belong. */
function unwelcomeIn(person: SlackPerson): VoteRefusal | undefined {
  if (person.deleted) return 'deactivated';
  if (person.is_bot || person.is_workflow_bot) return 'bot';
  if (person.is_restricted || person.is_ultra_restricted) return 'guest';
  return person.is_stranger ? 'stranger' : undefined;
}

function standingIn(person: SlackPerson, home: Home): 'member' | VoteRefusal {
  const sister = home.enterpriseId !== undefined && person.enterprise_user?.enterprise_id === home.enterpriseId;
  return unwelcomeIn(person) ?? (person.team_id === home.teamId || sister ? 'member' : 'stranger');
}

/** A voter waits for the answer on a phone. */
const lookupWaitMs = 5_000;

function refused(code: VoteRefusal, detail?: string): PersonStatus {
  return { kind: 'refused', code, ...(detail && { detail }) };
}

function wordsFor(error: unknown): string {
  const trouble = troubleIn(error);
  if (trouble.kind === 'refused') return trouble.error;
  return trouble.kind === 'limited' ? 'rate limited' : trouble.why;
}
