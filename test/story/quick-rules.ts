import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The example's rules with a soft one about `v9.`, reviewers who are not on call, and watches that end at once. */
export const quickRules = `${readFileSync(join(__dirname, '../../examples/policy/policy.yaml'), 'utf8')
  .replace('review_by: [director]', 'review_by: [security_team]')
  .replaceAll(/watch: \d+s/g, 'watch: 1s')}
rules:
  - name: no nines
    when: 'change.version.startsWith("v9.")'
    level: soft
    message: "Versions of the ninth line are not signed off yet; ask a team lead."
    override: { who: [team_lead] }
`;
