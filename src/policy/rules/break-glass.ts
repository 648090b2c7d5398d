import { breakGlassScopeWords, isBreakGlassFor } from '../break-glass-scope';
import { denial, hasLabel, instantWords, listed, subjectOf, type Context, type Finding, type Rule } from '../context';

/**
 * Break-glass puts off duties instead of waiving them: somebody else looks at it afterwards, and until they did the same
 * person does not do it again. Evidence: `break_glass`.
 */
export const breakGlass: Rule = (context) => {
  const { policy, request, world, isBreakGlass } = context;
  if (!hasLabel(request, 'break_glass') || !policy.file.break_glass) return {};
  const source = policy.source(['break_glass']);
  if (!isBreakGlassFor(policy, request))
    return denial(
      'break_glass',
      `Break-glass is for ${breakGlassScopeWords(policy)} only, and not for ${subjectOf(request)}; ask again without the label, or have the owner of the policy repository widen it.`,
      policy.source(['break_glass', 'for']),
    );
  if (!isBreakGlass) return {};
  const owed = debtFinding(context);
  const evidence = {
    break_glass: {
      reason: request.reason?.trim() ?? null,
      reviewBy: [...(policy.file.break_glass?.review_by ?? [])],
      openReviews: world.reviews === 'unknown' ? 'unknown' : (world.reviews ?? []).map(({ operation }) => operation),
    },
  };
  if (!request.reason?.trim())
    return {
      ...denial(
        'break_glass',
        'Break-glass needs a reason, because somebody has to understand it afterwards; ask again and say why it cannot wait.',
        source,
      ),
      evidence,
    };
  if (owed.reasons?.some(({ level }) => level === 'hard')) return { ...owed, evidence };
  const rule = policy.file.break_glass;
  const who = rule?.review_by ? ` ${listed(rule.review_by, 'or')} has to review it` : ' It has to be reviewed';
  const within = ` within ${rule?.within ?? '24h'}`;
  const message = `This is break-glass: soft rules, approvals that give way, windows, freezes and order are skipped.${who}${within}.`;
  return {
    reasons: [{ rule: 'break_glass', level: 'advisory', message, source }, ...(owed.reasons ?? [])],
    why: [{ rule: 'break_glass', message, source }],
    evidence,
  };
};

/** What the same person has not had looked at yet. When nobody can say, it goes on: this is for when things are broken. */
function debtFinding({ policy, request, world }: Context): Finding {
  const source = policy.source(['break_glass']);
  if (world.reviews === undefined) return {};
  if (world.reviews === 'unknown') {
    const message =
      'Nobody can tell now whether an earlier break-glass of yours still has to be looked at; this one goes on, and the record says so.';
    return { reasons: [{ rule: 'break_glass', level: 'advisory', message, source }] };
  }
  const { personOf } = policy.people;
  const open = world.reviews.filter(({ by }) => personOf(by) === personOf(request.requester.id));
  const [first, ...others] = open;
  if (!first) return {};
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  const due = instantWords(new Date(first.dueAt), policy.timezone);
  const who = listed(policy.file.break_glass?.who ?? [], 'or');
  const closers = listed(first.reviewBy ?? policy.file.break_glass?.review_by ?? [], 'or') || 'those whom policy names';
  return denial(
    'break_glass',
    `You may not break the glass again yet, because nobody has looked at ${first.operation}${more}, which is due ${due}; have ${closers} close its review in the watch channel or with "signalbox review ${first.operation}", or have another of ${who} ask.`,
    source,
  );
}
