import { ACTIONS, type ActionId } from '../../src/messages/actions';
import type { Company } from '../helpers/company';
import type { StoredMessage } from '../slack-rules';

/** What people of the example company do, in a line each. */
export function peopleOf(company: Company) {
  const { slack } = company;

  const click = (user: string, message: StoredMessage, actionId: ActionId) =>
    slack.click({ user, channel: message.channel, ts: message.ts, actionId });

  /** A modal that can be sent. */
  const form = (user: string) =>
    slack.waitFor(() => slack.views(user).find(({ type, submit }) => type === 'modal' && submit), {
      timeoutMs: 30_000,
      what: `a form for ${user}`,
    });

  const type = (user: string, command: string, text: string, channel = 'deploys') =>
    slack.command({ user, channel, command, text });

  /** Everything one person was told privately or by a modal. */
  const told = (user: string): string =>
    [...slack.ephemerals(user), ...slack.dms(user)]
      .map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`)
      .join('\n') +
    slack
      .views(user)
      .map((view) => JSON.stringify(view.blocks))
      .join('\n');

  /** A predicate for cards: everything they show contains all of these. */
  const shows =
    (...words: readonly string[]) =>
    (message: StoredMessage): boolean => {
      const all = `${message.text}\n${JSON.stringify(message.blocks)}`;
      return words.every((word) => all.includes(word));
    };

  return {
    click,
    form,
    type,
    told,
    shows,

    /** Types a command, and waits until its answer, or what the person is told privately, has all these words. */
    async hears(user: string, line: string, ...words: readonly string[]): Promise<void> {
      const [command = '', ...text] = line.split(' ');
      const answer = await type(user, command, text.join(' '));
      const heard = () => `${JSON.stringify(answer.response ?? '')}\n${told(user)}`;
      await slack.waitFor(() => words.every((word) => heard().includes(word)), {
        timeoutMs: 45_000,
        what: `${user} hears ${words.join(', ')} of "${line}": ${heard()}`,
      });
    },

    card: (channel: string, ...words: readonly string[]): Promise<StoredMessage> =>
      company.card(channel, shows(...words), `a card in ${channel} that shows ${words.join(', ')}`),

    /** Approve, and confirm in the modal when there is one. */
    async approve(user: string, card: StoredMessage) {
      await click(user, card, ACTIONS.approve);
      if (JSON.stringify(card.blocks).includes('\\"q\\":1')) return;
      await form(user);
      await slack.viewSubmit({ user });
    },

    async openIncident(user: string, card: StoredMessage) {
      await click(user, card, ACTIONS.incidentOpen);
      await form(user);
      return slack.viewSubmit({ user, values: { severity: 'sev2', summary: 'errors after deploy' } });
    },

    /** Presses Approve where the dialog wants a reason, and gives one. */
    async approveWithReason(user: string, card: StoredMessage, reason: string) {
      await click(user, card, ACTIONS.approveWithReason);
      await form(user);
      return slack.viewSubmit({ user, values: { reason } });
    },

    async reject(user: string, card: StoredMessage, reason: string) {
      await click(user, card, ACTIONS.reject);
      await form(user);
      return slack.viewSubmit({ user, values: { reason } });
    },
  };
}

/** Operation id on a card: the value of its first button, or its metadata. */
export function operationOn(card: StoredMessage): string {
  const slot = (card.metadata as { event_payload?: { slot?: string } } | undefined)?.event_payload?.slot;
  if (!slot) throw new Error('this message is not a card');
  return slot.slice(0, slot.lastIndexOf('/'));
}
