import type { JudgeInput, Recheck } from '../../src/operation/judgement';
import { rechecking } from '../activities';
import { callVoters } from './announce';
import { endIfOver, isOver } from './gates';
import type { Life } from './life';
import type { Allowed } from './state';

/** Everything once more, immediately before the first side effect. */
export async function recheck(life: Life, base: JudgeInput, judgement: Allowed): Promise<Recheck> {
  life.enter('checking');
  const ballots = life.box.inForce;
  const { votes } = life.box;
  const fallenVotes = votes.length === 0 ? [] : await rechecking(life.input.timings).recheckVoters({ ballots, votes });
  const answer = await life.judging.recheck({ ...base, judgement, votes, fallenVotes });
  if (answer.kind === 'go') life.facts.previousVersion = answer.previousVersion;
  if (fallenVotes.length > 0 && answer.kind === 'go') {
    life.box.drop(fallenVotes);
    life.courier.thread({
      kind: 'changed',
      message:
        'An approval no longer counts, because who gave it may not approve this any more; somebody else of that team must.',
      about: fallenVotes.map(({ by }) => by),
    });
    callVoters(life.courier, life.box, life.title);
    return {
      kind: 'gates_closed',
      answer: { gates: life.facts.gates, nextGateCheckAtMs: judgement.nextGateCheckAtMs },
    };
  }
  if (isOver(life) && answer.kind === 'go') {
    await life.leaveLane(judgement);
    endIfOver(life);
  }
  // An approval was withdrawn while everything was looked at once more.
  if (answer.kind === 'go' && life.isAskingAgain) return { kind: 'gates_closed', answer: { gates: life.facts.gates } };
  return answer;
}
