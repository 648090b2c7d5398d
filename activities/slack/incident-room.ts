import { clip, oneLine } from '../../src/messages/text';
import type { SlackApi } from '../adapters/slack-api';
import { lacking, troubleIn } from '../adapters/slack-errors';
import { presentAttempt } from './attempt';
import { slackFailure } from './failures';

/** docs.slack.dev/reference/methods/conversations.create */
const nameMost = 80;
/** docs.slack.dev/reference/methods/conversations.invite */
const inviteMost = 100;
/** Slack's clients stop there. */
const topicMost = 250;
const namesTried = 5;

interface RoomInput {
  readonly incidentId: string;
  readonly name: string;
  readonly topic: string;
  readonly invite: readonly string[];
}

const absent = {
  'conversations.create':
    'No channel of its own: the workspace does not let Signalbox create channels (scope channels:manage, or an administrator).',
  'conversations.invite': 'Nobody was invited: the workspace does not let Signalbox invite people.',
  'conversations.setTopic': 'The channel has no topic: the workspace does not let Signalbox set one.',
  'pins.add': 'The card is not pinned: the workspace does not let Signalbox pin messages (scope pins:write).',
} as const;

type Optional = keyof typeof absent;

type Created = { readonly kind: 'made'; readonly channel: string } | { readonly kind: 'none'; readonly why: string };

/** What an incident would like to have and can do without. What the workspace lacks is asked for once. */
export class IncidentRooms {
  private readonly lacks = new Set<Optional>();

  constructor(private readonly api: SlackApi) {}

  /** A channel for an incident. A repeat finds the one made before by its purpose, which names the incident. */
  async open(input: RoomInput): Promise<{ readonly channel?: string; readonly notDone: readonly string[] }> {
    const created = await this.create(input);
    if (created.kind === 'none') return { notDone: [created.why] };
    const { channel } = created;
    const notDone: string[] = [];
    const topic = clip(oneLine(input.topic), topicMost);
    const titled = await this.try('conversations.setTopic', { channel, topic });
    if (titled.kind === 'refused')
      notDone.push(
        this.lacks.has('conversations.setTopic')
          ? absent['conversations.setTopic']
          : `The channel has no topic (${titled.error}).`,
      );
    const invited = await this.invite({ channel, people: input.invite });
    return { channel, notDone: [...notDone, ...invited.notDone] };
  }

  /** Lets people into the channel. Who is in already stays. */
  async invite(asked: {
    readonly channel: string;
    readonly people: readonly string[];
  }): Promise<{ readonly notDone: readonly string[] }> {
    const { channel } = asked;
    const notDone = new Set<string>();
    const people = [...new Set(asked.people)].filter((id) => /^[UW][A-Z0-9]+$/.test(id));
    for (let from = 0; from < people.length; from += inviteMost) {
      const users = people.slice(from, from + inviteMost).join(',');
      const answer = await this.try('conversations.invite', { channel, users, force: true });
      if (answer.kind === 'refused' && answer.error !== 'already_in_channel')
        notDone.add(
          this.lacks.has('conversations.invite')
            ? absent['conversations.invite']
            : `Not everybody could be invited (${answer.error}).`,
        );
    }
    return { notDone: [...notDone] };
  }

  async pin(message: {
    readonly channel: string;
    readonly ts: string;
  }): Promise<{ readonly done: boolean; readonly why?: string }> {
    const answer = await this.try('pins.add', { channel: message.channel, timestamp: message.ts });
    if (answer.kind === 'done' || answer.error === 'already_pinned') return { done: true };
    return {
      done: false,
      why: this.lacks.has('pins.add') ? absent['pins.add'] : `The card is not pinned (${answer.error}).`,
    };
  }

  private async create(input: RoomInput): Promise<Created> {
    if (presentAttempt().number > 1) {
      const before = await this.madeBefore(input);
      if (before) return { kind: 'made', channel: before };
    }
    const base = roomName(input.name);
    for (let count = 1; count <= namesTried; count += 1) {
      const name = count === 1 ? base : `${base.slice(0, nameMost - 3)}-${count}`;
      const answer = await this.try('conversations.create', { name, is_private: false });
      if (answer.kind === 'done') {
        const channel = (answer.answer as { channel?: { id?: string } }).channel?.id;
        if (!channel) return { kind: 'none', why: 'No channel of its own: Slack made one and did not say which.' };
        await this.mark(channel, input.incidentId);
        return { kind: 'made', channel };
      }
      if (answer.error !== 'name_taken') {
        const why = this.lacks.has('conversations.create')
          ? absent['conversations.create']
          : `No channel of its own: Slack refused the name ${name} (${answer.error}).`;
        return { kind: 'none', why };
      }
      const before = count === 1 ? await this.madeBefore(input) : undefined;
      if (before) return { kind: 'made', channel: before };
    }
    return { kind: 'none', why: `No channel of its own: ${base} and its successors are taken.` };
  }

  private async mark(channel: string, incidentId: string): Promise<void> {
    const args = { channel, purpose: purposeOf(incidentId) };
    const marked = this.api.call({ method: 'conversations.setPurpose', args: () => args, priority: 'notice' });
    // Without the mark a repeat makes a second channel, which is better than none.
    await marked.catch(() => undefined);
  }

  private async madeBefore({ incidentId }: RoomInput): Promise<string | undefined> {
    let cursor = '';
    for (let page = 0; page < 20; page += 1) {
      const answer = await this.list(cursor);
      const found = answer.channels?.find((channel) => channel.purpose?.value === purposeOf(incidentId));
      if (found) return found.id;
      cursor = answer.response_metadata?.next_cursor ?? '';
      if (!cursor) break;
    }
    return undefined;
  }

  private async list(cursor: string): Promise<{
    readonly channels?: readonly { readonly id: string; readonly purpose?: { readonly value?: string } }[];
    readonly response_metadata?: { readonly next_cursor?: string };
  }> {
    const args = { types: 'public_channel', exclude_archived: true, limit: 1000, ...(cursor && { cursor }) };
    try {
      return await this.api.call({ method: 'conversations.list', args: () => args, priority: 'notice' });
    } catch (error) {
      if (troubleIn(error).kind === 'refused') return {};
      throw slackFailure(error, 'conversations.list');
    }
  }

  private async try(
    method: Optional,
    args: Record<string, unknown>,
  ): Promise<
    { readonly kind: 'done'; readonly answer: object } | { readonly kind: 'refused'; readonly error: string }
  > {
    if (this.lacks.has(method)) return { kind: 'refused', error: 'not_available' };
    try {
      return { kind: 'done', answer: await this.api.call({ method, args: () => args, priority: 'notice' }) };
    } catch (error) {
      const trouble = troubleIn(error);
      if (trouble.kind !== 'refused') throw slackFailure(error, method);
      if (lacking.has(trouble.error)) this.lacks.add(method);
      return { kind: 'refused', error: trouble.error };
    }
  }
}

function purposeOf(incidentId: string): string {
  return `Signalbox incident ${incidentId}`;
}

/** Lower case, digits, hyphens; at most 80. */
function roomName(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, nameMost);
  return slug || 'incident';
}
