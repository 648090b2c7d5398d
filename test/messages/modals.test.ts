import { MODALS, decodeMeta } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { operationCard } from '../../src/messages/operation-card';
import {
  deployModal,
  incidentAssignModal,
  incidentUpdateModal,
  provisionModal,
  rollbackModal,
} from '../../src/messages/request-modals';
import { approvalModal, rejectModal, resultModal, seatSentence } from '../../src/messages/vote-modals';
import { voteAnswerSentence } from '../../src/messages/vote-words';
import { checkView } from '../slack-rules/view-rules';
import { markupOf } from './reading';
import { ballotView, operationView, waitingView } from './views';

const value = { o: waitingView.id, b: 'b1', d: 'd1' };
const meta = { channel: 'C1', ts: '1.1', actionId: '2.2' };

it('opens as a skeleton made of the sentence of the card', () => {
  const view = approvalModal({ value, meta, sentence: operationCard(waitingView).text });
  expect(markupOf(view)).toContain('Deploy checkout 1.4.2 to production, asked for by @U0LEE: waiting.');
  expect(decodeMeta(view.private_metadata)).toEqual({ ...meta, value });
});

it.each([
  ['what', 'Deploy checkout 1.4.2 to production'],
  ['where', '`production`'],
  ['how many targets', '`targets` 12'],
  ['what cannot be undone', 'Cannot be undone: The migration drops the column vat_old'],
  ['that rollback is ready', 'Rollback is ready, to `1.4.1`.'],
  ['which seat is yours', 'Yours is vote 2 of 2, for director.'],
])('shows the approver %s', (_what, shown) => {
  expect(markupOf(approvalModal({ value, meta, view: waitingView, voter: 'U0DIRECTOR' }))).toContain(shown);
});

it.each<[string, { voter: string; order?: 'sequence' }, string]>([
  ['the team whose list you are on', { voter: 'U0DIRECTOR' }, 'Yours is vote 1 of 2, for director.'],
  [
    'every free team when only Slack knows yours',
    { voter: 'U0KIM' },
    'Yours is vote 1 of 2, for security_team or director.',
  ],
  ['the team whose turn it is', { voter: 'U0KIM', order: 'sequence' }, 'Yours is vote 1 of 2, for security_team.'],
])('names %s', (_what, { voter, order }, sentence) => {
  const seats = ballotView.seats.map(({ team, mention }) => ({ team, mention }));
  expect(seatSentence({ ...ballotView, seats, order: order ?? 'parallel' }, voter)).toBe(sentence);
});

it.each([
  ['whoever has approved', 'U0MIA', true],
  ['somebody else', 'U0KIM', false],
])('offers %s to withdraw: %s', (_who, voter, offered) => {
  const view = operationView({ ballots: [{ ...ballotView, approvedBy: ['U0MIA'] }] });
  for (const made of [approvalModal, rejectModal]) {
    const shown = made({ value, meta, view, voter });
    expect(checkView(shown, 'modal')).toEqual([]);
    expect(JSON.stringify(shown.blocks).includes('Withdraw my approval')).toBe(offered);
  }
});

describe('where policy asks for a second factor', () => {
  const strict = { ...waitingView, ballots: [{ ...ballotView, secondFactor: true as const }] };
  const codeField = (view: ReturnType<typeof approvalModal>) =>
    view.blocks.find((block) => 'block_id' in block && block.block_id === 'code');

  it.each([
    ['the button says so', { value: { ...value, f: 1 as const } }],
    ['the operation says so', { value, view: { ...strict, ballots: [{ ...strict.ballots[0]!, id: 'b1' }] } }],
  ])('takes a code with an approval when %s, and remembers that it has to', (_what, given) => {
    const made = approvalModal({ ...given, meta });
    expect(checkView(made, 'modal')).toEqual([]);
    expect(codeField(made)).toMatchObject({ optional: false, element: { min_length: 6 } });
    expect(decodeMeta(made.private_metadata)?.value).toEqual({ ...value, f: 1 });
    expect(codeField(rejectModal({ ...given, meta }))).toBeUndefined();
  });

  it('takes none elsewhere', () => {
    expect(codeField(approvalModal({ value, meta, view: waitingView }))).toBeUndefined();
  });
});

it('asks for the reason of a rejection, and of an approval only if there is one', () => {
  const [reject, approve] = [rejectModal({ value, meta }), approvalModal({ value, meta })].map((view) =>
    view.blocks.at(-1),
  );
  expect(reject).toMatchObject({ block_id: 'reason', optional: false });
  expect(approve).toMatchObject({ block_id: 'reason', optional: true });
});

it('lets people choose from a list that Slack can show, and type where it cannot', () => {
  const many = Array.from({ length: 101 }, (_, index) => `service-${index}`);
  const kinds = [['checkout'], many, []].map((services) => {
    const view = deployModal({ meta, services, environments: ['production'] });
    expect(checkView(view, 'modal')).toEqual([]);
    return (view.blocks[0] as { element: { type: string } }).element.type;
  });
  expect(kinds).toEqual(['static_select', 'plain_text_input', 'plain_text_input']);
});

it.each([
  ['rollback', rollbackModal({ meta, services: ['checkout'], environments: [] })],
  ['provision', provisionModal({ meta, runbooks: ['provision-node'], environments: ['production'] })],
  ['update', incidentUpdateModal({ value: { i: 'incident-x' } })],
  ['assign', incidentAssignModal({ value: { i: 'incident-x' } })],
  ['recording', resultModal('Approve', { kind: 'recording' })],
  [
    'a long title',
    { ...approvalModal({ value, meta, view: operationView({ ballots: [ballotView] }) }), callback_id: MODALS.approve },
  ],
])('keeps the modal for %s within the limits of Slack', (_what, view) => {
  expect(checkView(view, 'modal')).toEqual([]);
});

it('reads what people filled in and leaves out what they did not', () => {
  expect(
    readInputs({
      service: { value: { selected_option: { value: 'checkout' } } },
      version: { value: { value: '1.4.2' } },
      user: { value: { selected_user: 'U0MIA' } },
      reason: { value: { value: null } },
      environment: { value: { selected_option: null } },
    }),
  ).toEqual({ service: 'checkout', version: '1.4.2', user: 'U0MIA' });
});

it.each([
  [
    {
      kind: 'counted',
      decision: 'approve',
      seat: 'director#1',
      stillNeeded: ['security_team', 'security_team'],
    } as const,
    'Your approval is counted for director. Still needed: security_team.',
  ],
  [
    { kind: 'counted', decision: 'reject', stillNeeded: [] } as const,
    'Your rejection is counted, and the request has ended.',
  ],
  [
    { kind: 'already', stillNeeded: [] } as const,
    'Your vote was counted before and still stands. Nobody else is needed. To change it, press Reject on the card: there an approval can be withdrawn too.',
  ],
])('tells the voter what came of %j', (answer, sentence) => {
  expect(voteAnswerSentence(answer)).toBe(sentence);
});
