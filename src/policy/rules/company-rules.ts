import { denial, placeOf, type Finding, type Rule } from '../context';
import { dependsLine, holding } from '../holding';
import type { CompanyRule } from '../policy';
import { violation } from '../violation';

/** What the company itself refuses, in its own words: the rules under `rules` whose condition holds. */
export const companyRules: Rule = (context) => {
  const { policy, request, isRollback } = context;
  // A rule that cannot be mended while it refuses would stay for good.
  if (request.kind === 'policy') return {};
  if (isRollback && policy.file.rollback?.rules !== 'keep') return {};
  const findings = policy.rules.map((rule) => judge(rule));
  return {
    reasons: findings.flatMap(({ reasons = [] }) => reasons),
    gates: findings.flatMap(({ gates = [] }) => gates),
    why: findings.flatMap(({ why = [] }) => why),
  };

  function judge(rule: CompanyRule): Finding {
    const { name, when, level, message, override, source } = rule;
    const answer = holding(when, context);
    // There is a second verdict, with the plan and the change, before anybody is asked.
    if (answer.kind === 'depends') return { why: [dependsLine(rule)] };
    if (answer.kind === 'broken')
      return denial(
        name,
        `The rule "${name}" could not be evaluated (${answer.message}), and what cannot be judged is denied; the owner of the policy repository has to mend ${placeOf(source)}.`,
        source,
      );
    return answer.kind === 'yes' ? violation(context, { rule: name, level, message, override, source }) : {};
  }
};
