import type { CodeAnswer } from '../../src/code/change';
import type { Case } from '../../src/operation/case';
import type { GateAnswer, RecheckInput } from '../../src/operation/judgement';
import type { CodePatience, CodeSource } from './code-source';

/** Where a decision may not wait: what was heard a moment ago is told, or nothing. */
export const onTheSpot: CodePatience = { maxAgeMs: 10_000, waitMs: 0 };
/** Where people can wait a little: the host is asked. */
export const patiently: CodePatience = { maxAgeMs: 10_000, waitMs: 20_000 };
/** Before the first side effect: the host is asked now. */
export const afresh: CodePatience = { maxAgeMs: 0, waitMs: 20_000 };
/** What is here, however old. */
export const asItIs: CodePatience = { maxAgeMs: Infinity, waitMs: 0 };

const emergencyMs = 3_000;

type About = Pick<Case, 'request' | 'repository' | 'applied'>;

/**
 * What lies between what runs and the version asked for; undefined for work that brings no version. A rollback never
 * waits for the host of the code, and break-glass hardly.
 */
export async function lookUpChange(
  code: Pick<CodeSource, 'changeOf'>,
  about: About,
  patience: CodePatience,
): Promise<CodeAnswer | 'later' | undefined> {
  const { request, repository } = about;
  const { kind, version, labels } = request;
  const service = repository.policy.services.get(request.service ?? '');
  if ((kind !== 'deploy' && kind !== 'rollback') || version === undefined || service === undefined) return undefined;
  const connection = service.code && repository.code.get(service.code.connection)?.document;
  if (!service.code || !connection)
    return { kind: 'unknown', because: `${service.file} names no repository of its code`, isAway: false };
  const current = about.applied?.current;
  const question = { connection, code: service.code, version, ...(current && { deployed: current }) };
  const isUrgent = labels.includes('break_glass');
  const waits = isUrgent ? { ...patience, waitMs: Math.min(patience.waitMs, emergencyMs) } : patience;
  const answer = await code.changeOf(question, kind === 'rollback' ? asItIs : waits);
  if (answer.kind === 'unknown' && answer.isAway && isUrgent && patience !== asItIs)
    return lookUpChange(code, about, asItIs);
  return answer.kind === 'later' ? 'later' : answer;
}

/** The change as far as this patience tells. */
export async function changeIfKnown(...asked: Parameters<typeof lookUpChange>): Promise<CodeAnswer | undefined> {
  const change = await lookUpChange(...asked);
  return change === 'later' ? undefined : change;
}

/**
 * What was approved is what runs, or nothing runs: while the host of the code does not say whether the version still
 * means what people saw, the operation waits.
 */
export function unheardGate(
  { judgement, request: { body } }: Pick<RecheckInput, 'judgement' | 'request'>,
  change: CodeAnswer | undefined,
): GateAnswer | undefined {
  const isUrgent = body.kind === 'rollback' || body.labels.includes('break_glass');
  if (isUrgent || judgement.change?.kind !== 'known' || change?.kind !== 'unknown' || !change.isAway) return undefined;
  const message = `It waits until the code repository of ${body.service} answers, because nobody can say whether ${body.version} still is what was approved: ${change.because}.`;
  return { gates: [{ kind: 'prerequisite', holds: false, message }] };
}
