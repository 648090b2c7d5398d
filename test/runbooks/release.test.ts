import { stringify } from 'yaml';
import { examplePolicy } from '../helpers/company';
import { decide } from '../helpers/example-run';
import { openExampleOperations, type ExampleOperations } from '../helpers/example-operations';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { Endpoint, json } from '../steps/endpoint';
import { argoToken } from '../vendors/argo-cd';
import { ArgoSite } from '../vendors/argo-site';
import { GitHubActions, githubToken } from '../vendors/ci';
import { MailServer } from '../vendors/mail-server';
import { Jira, jiraToken } from '../vendors/tickets';

jest.setTimeout(240_000);

/** The example company's release with its policy, approvals and ledger; stand-ins for what it is delivered by. */
const environments = ['dev', 'qa', 'staging-us', 'staging-eu', 'production', 'production-eu'];
const argo = new ArgoSite();
const github = new GitHubActions();
const jira = new Jira();
const mail = new MailServer();
const compliance = new Endpoint();
const prometheus = new Endpoint();
let handbook: TestRepository;
let company: ExampleOperations;
let passed = ['sox-change-record', 'pci-scan', 'gdpr-residency', 'gdpr-erasure'];
const errors = 0.001;

/** The company's files, over connections that lead to this machine, with seconds where a company has hours. */
function files(): { readonly [path: string]: string } {
  const origins: { readonly [connection: string]: object } = {
    argocd: { origin: argo.origin },
    github: { origin: github.server.origin },
    jira: { origin: jira.server.origin },
    compliance: { origin: compliance.origin },
    prometheus: { origin: prometheus.origin },
  };
  const { 'policy_tests/production.yaml': _, ...given } = examplePolicy(0);
  const changed = Object.entries(origins).map(([name, { origin }]: [string, { origin?: string }]) => {
    const path = `connections/${name}.yaml`;
    return [path, given[path]!.replace(/origin: .*/, `origin: ${origin}`)];
  });
  const faster = Object.entries(given)
    .filter(([path]) => path.startsWith('actions/'))
    .map(([path, text]) => [path, text.replaceAll(/(every|first): \d+(ms|s|m)\b/g, '$1: 200ms')]);
  return {
    ...given,
    ...Object.fromEntries(faster),
    ...Object.fromEntries(changed),
    'connections/handbook.yaml': stringify({
      connection: { name: 'handbook', kind: 'git', url: handbook.url, write: true },
    }),
    'connections/mail.yaml': stringify({
      connection: {
        name: 'mail',
        kind: 'smtp',
        host: '127.0.0.1',
        port: mail.port,
        tls: 'off',
        from: 'bot@kestrel.example',
      },
    }),
    'policy.yaml': given['policy.yaml']!.replaceAll('watch: 10s', 'watch: 500ms').replace(
      'sunday-night: { days: sun, from: "03:00", to: "03:30" }',
      'sunday-night: { days: mon-sun, from: "00:00", to: "24:00" }',
    ),
  };
}

beforeEach(() => {
  company.world.notices.length = 0;
});
beforeAll(async () => {
  handbook = await makeRepository({ files: { 'releases/shop.md': '# shop\n' } });
  await argo.start(
    environments.map((name) => `shop-${name}`),
    'v1',
  );
  await Promise.all([github, jira].map(({ server }) => server.start()));
  await Promise.all([mail.start(), compliance.start(), prometheus.start()]);
  github.late = 0;
  compliance.reply = (seen, response) => {
    const controls = passed.map((id) => ({ id, state: 'passed' }));
    json(200, { controls })(seen, response);
  };
  prometheus.reply = (seen, response) => {
    const result = [{ metric: {}, value: [Date.now() / 1_000, String(errors)] }];
    json(200, { status: 'success', data: { resultType: 'vector', result } })(seen, response);
  };
  company = await openExampleOperations({
    files: files(),
    env: {
      ARGOCD_TOKEN: argoToken,
      GITHUB_ACTIONS_TOKEN: githubToken,
      JIRA_API_TOKEN: jiraToken,
      COMPLIANCE_TOKEN: 'compliance-token-of-a-test',
    },
  });
  for (const environment of environments) await company.adopt({ service: 'shop', version: 'v1', environment });
});
afterAll(async () => {
  await company?.close();
  await handbook?.remove();
  await Promise.all([
    argo.stop(),
    github.server.stop(),
    jira.server.stop(),
    mail.stop(),
    compliance.stop(),
    prometheus.stop(),
  ]);
});

const release = (version: string) => company.run('release', { service: 'shop', version, watch: '1s', pause: '500ms' });
const approve = (about: RegExp, ...by: readonly string[]) =>
  by.reduce(async (before: Promise<unknown>, who) => {
    await before;
    return decide(company.world, { by: who, about });
  }, Promise.resolve());
const runs = (...versions: readonly string[]) =>
  Object.fromEntries(environments.map((name, index) => [`shop-${name}`, versions[index]]));

test('a version goes from dev to production, each under its own rules, and everybody is told', async () => {
  const running = await release('v2');
  await approve(/release/i, 'U0LEE');
  await approve(/leave qa/, 'U0KIM');
  await approve(/shop v2 to production$/, 'U0SAM', 'U0LEE');
  expect(argo.revisions).toEqual(runs('v2', 'v2', 'v2', 'v2', 'v1', 'v1'));
  await approve(/shop v2 to production-eu/, 'U0SAM', 'U0LEE');
  expect(await running.result()).toMatchObject({ kind: 'succeeded' });
  expect(argo.revisions).toEqual(runs('v2', 'v2', 'v2', 'v2', 'v2', 'v2'));
  expect(await handbook.read('releases/shop.md')).toMatch(
    /^# shop\n- v2, released by runbook-release-.*actions\/runs\/9/,
  );
  expect(mail.mails).toMatchObject([{ to: ['stakeholders@kestrel-pay.example'] }]);
  expect(mail.mails[0]!.source).toContain('shop v2 runs in production, production-eu.');
  expect(jira.issues).toMatchObject([{ fields: { summary: 'Retrospective of shop v2' } }]);
});

test('a region whose controls are not passed takes both stagings back; dev and qa keep the version', async () => {
  passed = passed.filter((name) => name !== 'gdpr-erasure');
  const running = await release('v3');
  await approve(/release/i, 'U0LEE');
  await approve(/leave qa/, 'U0KIM');
  const ended = await running.result();
  expect(ended).toMatchObject({ sentence: expect.stringContaining('has not passed in eu: gdpr-erasure') });
  expect(argo.revisions).toEqual(runs('v3', 'v3', 'v2', 'v2', 'v2', 'v2'));
});
