/**
 * The import arrows of DESIGN section 3. `type-only` edges are free where the table says "types only from".
 * test/guards/arrows.test.ts checks the tree and that each rule here catches what it is for.
 */

/** Functions of `src` that workflow code may run: small, stable, pure. Changing one changes workflows in flight. */
const stableForWorkflows = [
  'src/approvals/members.ts',
  'src/approvals/quiet.ts',
  'src/approvals/seats.ts',
  'src/approvals/takes.ts',
  'src/holds/change.ts',
  'src/holds/holds.ts',
  'src/operation/authority.ts',
  'src/operation/inputs-on-card.ts',
  'src/operation/plan.ts',
  'src/operation/telling-steps.ts',
  'src/resources/extension-ms.ts',
  'src/runbooks/duration.ts',
  'src/triggers/firings.ts',
];

const folder = (...names) => `^(${names.join('|')})/`;
const exactly = (...files) => `^(${files.map((file) => file.replaceAll('.', '\\.')).join('|')})$`;
const notTypes = { dependencyTypesNot: ['type-only', 'type-import'] };
const contract = exactly('workflows/contract.ts');

module.exports = {
  forbidden: [
    {
      name: 'src-is-the-centre',
      comment: 'src, except main, imports only src.',
      severity: 'error',
      from: { path: folder('src'), pathNot: '^src/main/' },
      to: { path: ['^src/main/', folder('bot', 'workflows', 'activities', 'test', 'bench', 'examples', 'scripts')] },
    },
    {
      name: 'src-does-no-io',
      comment:
        'No I/O and no client in src: config.ts reads its settings and secrets, main constructs clients. ' +
        'runbooks/inputs.ts takes isIP and its like from net, which are pure.',
      severity: 'error',
      from: { path: folder('src'), pathNot: ['^src/main/', '^src/config\\.ts$', '^src/runbooks/inputs\\.ts$'] },
      to: {
        path: [
          '^(node:)?(fs|net|http|https|http2|child_process|dgram|dns|tls|worker_threads|cluster|os|process|timers)(/|$)',
          '(^|/)node_modules/(@slack/(bolt|web-api|socket-mode)|@temporalio|ioredis|bullmq|simple-git|undici|pino|prom-client)(/|$)',
        ],
        ...notTypes,
      },
    },
    {
      name: 'workflows-run-workflow-code',
      comment: 'Values in workflows come from workflows, the listed functions of src and the two workflow packages.',
      severity: 'error',
      from: { path: folder('workflows') },
      to: {
        pathNot: [
          folder('workflows'),
          exactly(...stableForWorkflows),
          '(^|/)node_modules/@temporalio/(workflow|common)/',
        ],
        ...notTypes,
      },
    },
    {
      name: 'workflows-take-types-from-src',
      comment: 'Types in workflows come from src.',
      severity: 'error',
      from: { path: folder('workflows') },
      to: { path: ['^src/main/', folder('bot', 'activities', 'test', 'bench', 'examples', 'scripts')] },
    },
    {
      name: 'activities-know-no-workflow',
      comment: 'activities import activities, src and the workflow contract.',
      severity: 'error',
      from: { path: folder('activities') },
      to: {
        path: ['^src/main/', folder('bot', 'workflows', 'test', 'bench', 'examples', 'scripts')],
        pathNot: contract,
      },
    },
    {
      name: 'bot-runs-no-workflow',
      comment: 'bot takes values from bot, src and the workflow contract; from the other workflows only types.',
      severity: 'error',
      from: { path: folder('bot') },
      to: { path: folder('workflows'), pathNot: contract, ...notTypes },
    },
    {
      name: 'bot-does-not-act',
      comment: 'What touches the world is in activities; the bot relays.',
      severity: 'error',
      from: { path: folder('bot') },
      to: { path: ['^src/main/', folder('activities', 'test', 'bench', 'examples', 'scripts')] },
    },
    {
      name: 'product-knows-no-test',
      comment: 'Nothing in the product depends on tests, benches or examples.',
      severity: 'error',
      from: { path: '^src/main/' },
      to: { path: folder('test', 'bench', 'examples', 'scripts') },
    },
    {
      name: 'product-ships-its-packages',
      comment: 'The product runs after `npm ci --omit=dev`.',
      severity: 'error',
      from: { path: folder('src', 'bot', 'workflows', 'activities') },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: notTypes },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
    },
  },
};
