import { isExcepted, listed, nameIn, subjectOf, type Rule } from '../context';
import { stopTeams } from '../hold-rights';

/**
 * The stop holds everything back but rollbacks, changes of the policy (of which one may mend who can lift it) and what
 * policy excepts; break-glass only where policy says so.
 */
export const stop: Rule = ({ policy, request, world, isRollback, isBreakGlass }) => {
  const { stop: stopped } = world;
  const except = policy.file.holds?.stop?.except ?? [];
  const passes = isExcepted(
    request,
    except.filter((word) => word !== 'break_glass'),
  );
  if (!stopped || isRollback || request.kind === 'policy' || passes || (isBreakGlass && except.includes('break_glass')))
    return {};
  const who = listed(stopTeams(policy), 'or') || 'whoever policy names under holds.stop.who';
  return {
    gates: [
      {
        kind: 'prerequisite',
        rule: 'stop',
        holds: false,
        message: `${nameIn(policy, stopped.by)} has stopped everything (${stopped.reason}), which holds ${subjectOf(request)} back; it goes on by itself when ${who} says /signalbox go, and rollbacks still work.`,
        about: [stopped.by],
      },
    ],
  };
};
