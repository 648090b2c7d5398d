/** A company of many services and rules, as text: every service has a file of its own, every rule a condition. */
export function largePolicy({
  services,
  rules,
}: {
  readonly services: number;
  readonly rules: number;
}): Map<string, string> {
  const files = new Map<string, string>();
  files.set('policy.yaml', policyOf(rules));
  for (let index = 0; index < services; index++) files.set(...serviceOf(index));
  files.set('policy_tests/large.yaml', tests);
  return files;
}

/** One service's file, as it is or with another owner. */
export function serviceOf(index: number, owner = index % teams): [path: string, text: string] {
  const name = `service-${index}`;
  return [
    `configs/services/${name}.yaml`,
    `service:
  name: ${name}
  owner: team_${owner}
  kind: ${index % 3 === 0 ? 'fleet' : 'cluster'}
  tier: ${index % 4}
  compliance:
    sox: ${index % 10 === 0 ? 'required' : 'none'}
    pci_dss: ${index % 25 === 0 ? 'level_1' : 'none'}
  deployment:
    regions: [eu-west-1, us-east-1]
    requires_dual_approval: ${index % 7 === 0}
    blackout_windows:
      - { start: 2026-11-27, end: 2026-11-30, reason: the busiest weekend }
  monitoring:
    custom_metrics: [requests, errors]
  dependencies:
    internal: [service-${(index + 1) % 50}]
    external: [a payment provider]
`,
  ];
}

const teams = 40;

function policyOf(rules: number): string {
  const lines = [
    'version: 1',
    'timezone: Europe/Berlin',
    'channels: { default: "#deploys" }',
    'teams:',
    ...Array.from({ length: teams }, (_, team) => `  team_${team}: { users: [U0A${team}, U0B${team}] }`),
    'windows: { office: { days: weekdays, from: "09:00", to: "16:00" } }',
    'environments:',
    '  staging: {}',
    '  production: { after: [staging], soak: 4h, windows: [office], strict: true }',
    'facts:',
    '  declare: { risk_level: [low, medium, high] }',
    '  rules:',
  ];
  const facts = Math.min(100, Math.floor(rules / 3));
  for (let rule = 0; rule < facts; rule++)
    lines.push(
      `    - { set: { risk_level: ${rule % 2 ? 'high' : 'medium'} }, when: 'has(service.tier) && service.tier == ${rule + 1} && change.kind == "deploy"' }`,
    );
  const approvals = Math.min(100, Math.floor(rules / 3));
  lines.push('approvals:');
  for (let rule = 0; rule < approvals; rule++)
    lines.push(
      `  - { name: rule ${rule}, when: 'change.risk_level == "high" && service.name == "service-${rule * 40}"', require: [team_${rule % teams}] }`,
    );
  lines.push('freezes:');
  for (let rule = 0; rule < rules - facts - approvals; rule++)
    lines.push(
      `  - { name: freeze ${rule}, from: 2027-01-01, to: 2027-01-04, services: [service-${rule}], environments: [production] }`,
    );
  return `${lines.join('\n')}\n`;
}

const tests = `tests:
${Array.from(
  { length: 50 },
  (_, index) => `  - name: staging of service-${index} is open
    at: 2026-11-24T10:00:00Z
    request: { kind: deploy, service: service-${index}, environment: staging, version: v1, by: U0A1, reason: x }
    expect: { verdict: allowed }
`,
).join('')}`;
