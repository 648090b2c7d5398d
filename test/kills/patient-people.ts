import { ACTIONS, type ActionId } from '../../src/messages/actions';
import { incidentIdAbout, operationIdOf } from '../../src/operation/ids';
import type { FaultyCompany } from '../helpers/faulty-company';
import type { StoredMessage } from '../slack-rules';
import { pause, trace } from './fault';

/** How long people wait for what was acknowledged, and how long they look before they repeat what was not. ms */
const patienceMs = 60_000;
const lookMs = 6_000;

/** What was asked for: its acknowledgement is a promise that exactly one operation comes of it. */
export interface Command {
  readonly id: string;
  readonly user: string;
  readonly votes: string[];
}

const unkept = /could not be kept|nothing has happened|nothing was done|Something broke|try again|ask again/i;

/**
 * People who repeat only what failed before their eyes: Slack's own "that did not work", or a sentence that says so.
 * What was acknowledged they never do twice.
 */
export class PatientPeople {
  /** Operations of commands that were never acknowledged and repeated: they may exist, nobody relies on them. */
  readonly strays: Command[] = [];

  constructor(private readonly company: Pick<FaultyCompany, 'slack' | 'ledger'>) {}

  /** The one message of a slot. */
  message(slot: string): StoredMessage | undefined {
    return this.copies(slot).find(({ deleted }) => !deleted);
  }

  /** Every message that ever carried a slot, deleted ones too. */
  copies(slot: string): readonly StoredMessage[] {
    return this.everything().filter(({ metadata }) => payloadOf(metadata).slot === slot);
  }

  everything(): readonly StoredMessage[] {
    const { slack } = this.company;
    return [...slack.workspace.channels.keys()].flatMap((channel) => slack.messages(channel, { deleted: true }));
  }

  async ask(asked: {
    readonly user: string;
    readonly command: string;
    readonly text: string;
    readonly kind: string;
    readonly subject: string;
    readonly environment?: string;
  }): Promise<Command> {
    const { user, command, text } = asked;
    return this.persist(`${command} ${text}`, async () => {
      const said = await this.company.slack.command({ user, channel: 'deploys', command, text });
      if (said.error === 'no_connection') return undefined;
      const made = { id: operationIdOf({ ...asked, deliveryId: said.triggerId! }), user, votes: [] };
      const answer = JSON.stringify(said.response ?? {});
      const taken = said.acked && !unkept.test(answer);
      if (taken || (await this.seen(() => this.message(`${made.id}/card`)))) return made;
      this.strays.push(made);
      return undefined;
    });
  }

  /** Approves until the ledger has the vote; a second press only after a failure that this person saw. */
  async approve(user: string, { id, votes }: Command): Promise<void> {
    const offers = () => this.offered(`${id}/card`, ACTIONS.approve);
    await this.waitFor(offers, `a card of ${id} that asks for approval`);
    await this.persist(`${user} approves ${id}`, async () => {
      const card = offers();
      if (!card) return (await this.hasVote(user, id)) || undefined;
      const told = this.toldTo(user).length;
      const isOneClick = JSON.stringify(card.blocks).includes('\\"q\\":1');
      const acked = isOneClick ? await this.press(user, card, ACTIONS.approve) : await this.submitted(user, card);
      if (!acked) return (await this.hasVote(user, id)) || undefined;
      return this.settled({ user, told, done: () => this.hasVote(user, id), what: `the vote of ${user} on ${id}` });
    });
    votes.push(user);
  }

  /** Presses a button until the message shows what comes of it. */
  async act(user: string, slot: string, act: { readonly action: ActionId; readonly shows: string }): Promise<void> {
    const shown = async () => this.shows(slot, act.shows);
    await this.waitFor(() => this.offered(slot, act.action), `${act.action} on ${slot}`);
    await this.persist(`${user} presses ${act.action}`, async () => {
      const message = this.offered(slot, act.action);
      if (!message) return (await shown()) || undefined;
      const told = this.toldTo(user).length;
      if (!(await this.press(user, message, act.action))) return (await this.seen(shown)) || undefined;
      return this.settled({ user, told, done: shown, what: `${slot} shows "${act.shows}"` });
    });
  }

  /** Opens an incident from a card. Its id follows from the operation. */
  async openIncident(user: string, { id }: Command): Promise<string> {
    const slot = `${incidentIdAbout(id)}/card`;
    await this.waitFor(() => this.offered(`${id}/card`, ACTIONS.incidentOpen), `"Open incident" on ${id}`);
    await this.persist(`${user} opens an incident`, async () => {
      const card = this.offered(`${id}/card`, ACTIONS.incidentOpen)!;
      const values = { severity: 'sev2', summary: 'errors after deploy' };
      const told = this.toldTo(user).length;
      const acked = await this.submitted(user, card, { action: ACTIONS.incidentOpen, values });
      if (!acked) return (await this.seen(() => this.message(slot))) || undefined;
      const done = async () => this.message(slot) !== undefined;
      return this.settled({ user, told, done, what: `a card of the incident about ${id}` });
    });
    return incidentIdAbout(id);
  }

  shows(slot: string, words: string): boolean {
    const message = this.message(slot);
    return message !== undefined && `${message.text}\n${JSON.stringify(message.blocks)}`.includes(words);
  }

  async waitFor<T>(look: () => T, what: string): Promise<NonNullable<T>> {
    trace(`waiting for ${what}`);
    return this.company.slack.waitFor(look, { timeoutMs: patienceMs, what });
  }

  private offered(slot: string, action: ActionId): StoredMessage | undefined {
    const message = this.message(slot);
    return message && JSON.stringify(message.blocks).includes(`"${action}"`) ? message : undefined;
  }

  private async press(user: string, { channel, ts }: StoredMessage, actionId: ActionId): Promise<boolean> {
    return (await this.company.slack.click({ user, channel, ts, actionId })).acked;
  }

  /** Button, form, submit. A form that Slack could not send stays open and is sent again. */
  private async submitted(
    user: string,
    card: StoredMessage,
    form: { readonly action: ActionId; readonly values?: { readonly [name: string]: string } } = {
      action: ACTIONS.approve,
    },
  ): Promise<boolean> {
    const { slack } = this.company;
    for (const { id } of [...slack.views(user)].reverse()) await slack.viewClose({ user, viewId: id });
    if (!(await this.press(user, card, form.action))) return false;
    const open = () => slack.views(user).find(({ type, submit }) => type === 'modal' && submit);
    const view = await this.seen(open);
    if (!view) return false;
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const said = await slack.viewSubmit({ user, viewId: view.id, values: form.values });
      if (said.acked && !said.errors) return true;
      await pause(500);
    }
    return false;
  }

  /** What was acknowledged comes true by itself, or the person is told that it did not. */
  private async settled(asked: {
    readonly user: string;
    readonly told: number;
    readonly done: () => Promise<boolean>;
    readonly what: string;
  }): Promise<true | undefined> {
    const deadline = Date.now() + patienceMs;
    while (!(await asked.done())) {
      const news = this.toldTo(asked.user).slice(asked.told);
      if (news.some((text) => unkept.test(text))) return undefined;
      if (Date.now() > deadline)
        throw new Error(`${asked.what} was acknowledged and never came; told meanwhile: ${news.join(' | ')}`);
      await pause(250);
    }
    return true;
  }

  private async hasVote(user: string, id: string): Promise<boolean> {
    const where = ['refs/heads/ledger', '--', `operations/*/${id}/*-vote.json`];
    // One process instead of one a record: people look often.
    return this.company.ledger.git(['grep', '-l', `"by":"${user}"`, ...where]).then(
      () => true,
      () => false,
    );
  }

  private toldTo(user: string): readonly string[] {
    const { slack } = this.company;
    const privately = [...slack.ephemerals(user), ...slack.dms(user)].map(({ text }) => text);
    return [...privately, ...slack.views(user).map(({ blocks }) => JSON.stringify(blocks))];
  }

  private async seen<T>(look: () => T | Promise<T>): Promise<T | undefined> {
    const deadline = Date.now() + lookMs;
    while (Date.now() < deadline) {
      const found = await look();
      if (found) return found;
      await pause(200);
    }
    return undefined;
  }

  private async persist<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const done = await attempt();
      if (done !== undefined) return done;
      if (Date.now() > deadline) throw new Error(`${what}: it failed for ${patienceMs} ms, visibly each time`);
      await pause(400);
    }
  }
}

/** Payload of a message's metadata. */
export function payloadOf(metadata: unknown): { readonly slot?: string; readonly key?: string } {
  return (metadata as { event_payload?: { slot?: string; key?: string } } | undefined)?.event_payload ?? {};
}
