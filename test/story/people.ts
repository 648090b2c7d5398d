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

  return {
    click,
    form,

    type: (user: string, command: string, text: string, channel = 'deploys') =>
      slack.command({ user, channel, command, text }),

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

    async reject(user: string, card: StoredMessage, reason: string) {
      await click(user, card, ACTIONS.reject);
      await form(user);
      return slack.viewSubmit({ user, values: { reason } });
    },

    /** Everything one person was told privately or by a modal. */
    told: (user: string): string =>
      [...slack.ephemerals(user), ...slack.dms(user)]
        .map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`)
        .join('\n') +
      slack
        .views(user)
        .map((view) => JSON.stringify(view.blocks))
        .join('\n'),

    /** A predicate for cards: everything they show contains all of these. */
    shows:
      (...words: readonly string[]) =>
      (message: StoredMessage): boolean => {
        const all = `${message.text}\n${JSON.stringify(message.blocks)}`;
        return words.every((word) => all.includes(word));
      },
  };
}

/** Operation id on a card: the value of its first button, or its metadata. */
export function operationOn(card: StoredMessage): string {
  const slot = (card.metadata as { event_payload?: { slot?: string } } | undefined)?.event_payload?.slot;
  if (!slot) throw new Error('this message is not a card');
  return slot.slice(0, slot.lastIndexOf('/'));
}
