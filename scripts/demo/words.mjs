/** What the demo prints when it is ready. */
export function welcome({ urls, isolated, company }) {
  const lines = [
    '',
    'Signalbox is ready.',
    '',
    ...(urls.slack
      ? [`  Slack           ${urls.slack}   (choose a person at the top: "Act as")`]
      : ['  Slack           your own workspace']),
    `  Temporal        ${urls.temporal}`,
    `  Fleet           ${urls.fleet}/services/checkout   and   ${urls.fleet}/metrics`,
    `  Policy          ${urls.policy}   (git clone it, change a rule, push)`,
    `  Ledger          ${urls.ledger}`,
    '',
    ...(urls.slack ? ['Who is who', ...company.who.map(([name, role]) => `  ${name.padEnd(7)} ${role}`), ''] : []),
    'Things to try',
    ...company.tries.map(([where, what], index) => `  ${index + 1}. ${where}\n     ${what}`),
    '',
    ...(isolated === false
      ? [
          'Careful: this system lets the demo make no network of its own, so local-slack itself listens on all interfaces (a random port).',
          '',
        ]
      : []),
    'Ctrl-C ends everything.',
    '',
  ];
  return lines.join('\n');
}
