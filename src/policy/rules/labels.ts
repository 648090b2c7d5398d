import { didYouMean } from '../../documents/nearest';
import { denial, listed, membership, type Finding, type Rule } from '../context';

/** A label opens doors, so it has to be declared and its bearer has to be one of those who may claim it. */
export const labels: Rule = (context) => {
  const reasons = (context.request.labels ?? []).flatMap((label) => claim(label).reasons ?? []);
  return { reasons };

  function claim(label: string): Finding {
    const { policy, request } = context;
    const rule = label === 'break_glass' ? breakGlass() : policy.labels.get(label);
    if (!rule) {
      const names = [...policy.labels.keys(), ...(policy.file.break_glass ? ['break_glass'] : [])];
      const hint = didYouMean(label, names) ?? `policy knows ${listed(names) || 'none'}.`;
      return denial(
        'labels',
        `The label "${label}" means nothing here, because policy does not declare it; ${hint} Ask again without it, or have the owner of the policy repository declare it.`,
      );
    }
    if (rule.who === undefined) return {};
    const member = request.requester.kind === 'person' ? membership(context, rule.who, request.requester.id) : 'no';
    if (member === 'yes') return {};
    const why = member === 'unknown' ? 'Slack did not say whether you are one of them' : 'you are not one of them';
    return denial(
      'labels',
      `You cannot claim "${label}", because only ${listed(rule.who, 'or')} may and ${why}; ask one of them to make the request.`,
      rule.source,
    );
  }

  function breakGlass(): { who?: readonly string[]; source: ReturnType<typeof context.policy.source> } | undefined {
    const { policy } = context;
    return policy.file.break_glass && { who: policy.file.break_glass.who, source: policy.source(['break_glass']) };
  }
};
