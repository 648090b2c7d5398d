import { defineQuery, defineSignal, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import { authorityOver, type Actor, type AuthorityQuestion } from '../../src/operation/authority';
import type { ActAnswer, ActBody, ActorCheck, OperationAct } from '../../src/operation/ports';
import type { Relayed } from '../../src/operation/request';
import type { OperationView } from '../../src/operation/view';
import { checking } from '../activities';
import { ACT_SIGNAL, ACT_UPDATE, RUN_PROGRESS, STIR, VIEW_QUERY, type ViewAsked } from '../contract';
import { hearVotes, tellVoter } from '../hear-votes';
import type { RunProgress } from '../run/state';
import { doneSentence, isAct, maxAgeFor, objectionToAct } from './acts';
import type { Life } from './life';
import { naming, questionOf } from './question';

/** Every way into a running operation. Registered before the first await, since messages may come first. */
export function listen(life: Life): void {
  setHandler(defineQuery<OperationView, [ViewAsked?]>(VIEW_QUERY), (asked) => life.view(asked));
  const late = lateness(life);
  hearVotes(life, {
    castUpdate: (vote, known) =>
      late(
        () => life.box.cast(vote, known),
        (said) => tellVoter(life, vote, said),
      ),
  });
  setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (act) =>
    late(
      () => takeAct(life, act),
      (said) => tellActor(life, act, said),
    ),
  );
  setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), async (act) =>
    tellActor(life, act, await takeAct(life, act)),
  );
  setHandler(defineSignal(STIR), () => life.lookAgain());
  setHandler(defineSignal<[RunProgress]>(RUN_PROGRESS), (progress) => life.runHandle?.progress(progress));
}

/** An answer that took long finds nobody waiting for it, and the bot that asked may be gone: then it is told as well. */
function lateness(life: Life) {
  return async <Answer>(work: () => Promise<Answer>, tell: (answer: Answer) => void): Promise<Answer> => {
    const began = Date.now();
    const answer = await work();
    if (Date.now() - began >= life.input.timings.voterCheckMs) tell(answer);
    return answer;
  };
}

function tellActor(life: Life, act: Relayed<ActBody>, said: ActAnswer): void {
  if (said.kind === 'refused' && act.body.byKind !== 'machine')
    life.courier.send({ kind: 'private', user: act.body.by }, { kind: 'plain', text: said.sentence });
}

async function takeAct(life: Life, relayed: Relayed<ActBody>): Promise<ActAnswer> {
  // A signature is for one operation: copied from another's history it is worth nothing here.
  if (relayed.body?.workflowId !== workflowInfo().workflowId) return refused(actRefusals.bad_signature!);
  if (life.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
  life.acts.add(relayed.body.actionId);
  const { act } = relayed.body;
  if (!isAct(act)) return refused('That is not something an operation can do.');
  const check = await checkActor(life, relayed, act);
  if (check.kind === 'refused')
    return refused(actRefusals[check.code] ?? 'You may not do this; ask a member of the owning team.');
  const objection = objectionToAct(act, life.facts);
  if (objection !== undefined) return refused(objection);
  const authority = authorityOver(question(life, act, check.actor));
  if (authority.kind === 'refused') return authority;
  const about = questionOf(act, life.facts);
  if (act.kind !== 'resync') {
    const { actor, asOf } = check;
    const reason = 'reason' in act ? (act.reason ?? null) : null;
    life.recorder.write('act', {
      ...{ act: act.kind, by: actor.by, byKind: actor.kind, as: authority.as, reason },
      ...(about && { step: about.step }),
      ...(act.kind === 'abort' && act.undo === 'no' && { undo: act.undo }),
      ...(asOf !== undefined && { membershipAsOf: asOf }),
    });
  }
  if (about) life.facts.decided = [...(life.facts.decided ?? []), about.id];
  apply(life, naming(act, about), check.actor.by);
  return { kind: 'done', sentence: doneSentence(act, about) };
}

/** Who presses, asked fresh. In which teams they sit is asked only where their own part in it does not suffice. */
async function checkActor(life: Life, relayed: Relayed<ActBody>, act: OperationAct): Promise<ActorCheck> {
  const { by, byKind = 'person' } = relayed.body;
  const alone = authorityOver(question(life, act, { kind: byKind, by, teams: [], unknown: [] }));
  const { teams, persons } = life.facts.judgement?.operators ?? { teams: [], persons: {} };
  const operators = { teams: alone.kind === 'granted' ? [] : teams, persons };
  const maxAgeMs = maxAgeFor(act.kind, life.input.timings.voterMaxAgeMs);
  try {
    return await checking(life.input.timings, ({ checkAct }) => checkAct({ act: relayed, operators, maxAgeMs }));
  } catch {
    return { kind: 'refused', code: 'lookup_failed' };
  }
}

function question({ facts, box }: Life, act: OperationAct, actor: Actor): AuthorityQuestion {
  const { request, judgement } = facts;
  return {
    act: act.kind,
    actor,
    requester: request.requester,
    votes: box.votes,
    operators: judgement?.operators,
  };
}

function refused(sentence: string): ActAnswer {
  return { kind: 'refused', sentence };
}

function apply(life: Life, act: OperationAct, by: string): void {
  switch (act.kind) {
    case 'cancel':
      return life.stop(by);
    case 'abort':
      return life.stop(by, act.reason, act.undo);
    case 'finish_watch':
      return life.runHandle?.tell({ kind: 'finish_watch', because: 'finished_early' });
    case 'resync':
      return life.changed();
    case 'pause':
    case 'resume':
      return life.pause(act.kind === 'pause' ? by : undefined);
    default:
      life.runHandle?.tell({ ...act, by });
  }
}

const actRefusals: { readonly [code: string]: string } = {
  bad_signature: 'This did not come through Signalbox, so it was ignored.',
  lookup_failed: 'Slack did not say in time who you are, so nothing was done; try again in a moment.',
  guest: 'Guests of this workspace may not do this; ask a full member of the owning team.',
  stranger: 'People of another workspace may not do this; ask a member of the owning team.',
  deactivated: 'This account is deactivated, so nothing was done.',
  bot: 'Bots may not do this; ask a member of the owning team.',
};
