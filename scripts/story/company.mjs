import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';

const owner = { name: 'Dan Weber', email: 'dan@kestrel.example' };

/** What the story looks at besides Slack: the fleet, the ledger, Temporal; and the policy it changes. */
export function openCompany({ urls }) {
  const json = async (url, options) => (await fetch(url, options)).json();
  const git = async (...args) => {
    const done = await run('git', args);
    if (done.code !== 0) throw new Error(`git ${args[0]}: ${done.stderr.trim()}`);
    return done.stdout;
  };

  return {
    /** How many instances of a service run a version. */
    async running(service, version) {
      const { versions } = await json(`${urls.fleet}/services/${service}`);
      return versions[version] ?? 0;
    },
    group: (name) => json(`${urls.fleet}/groups/${name}`),
    batches: () => json(`${urls.fleet}/batches`),
    /** Makes the fleet fail at something from now on, or (null) nothing. */
    fail: (what) =>
      json(`${urls.fleet}/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ fail: what }),
      }),

    /** Events on record about an operation, in order, with their bodies. */
    async records(operation) {
      const names = await git('--git-dir', urls.ledger, 'ls-tree', '-r', '--name-only', 'ledger');
      const mine = names
        .split('\n')
        .filter((name) => name.includes(`/${operation}/`))
        .sort();
      return Promise.all(
        mine.map(async (name) => JSON.parse(await git('--git-dir', urls.ledger, 'show', `ledger:${name}`))),
      );
    },

    /** What Temporal says about a workflow. */
    workflow: async (id) =>
      (await json(`${urls.temporal}/api/v1/namespaces/default/workflows/${encodeURIComponent(id)}`))
        .workflowExecutionInfo,

    /** Pushes a change of the rules, as somebody who may push to the policy repository would. */
    async changePolicy(message, changes, { name, email } = owner) {
      const tree = mkdtempSync(join(tmpdir(), 'signalbox-story-'));
      const inTree = (...args) => git('-C', tree, '-c', `user.name=${name}`, '-c', `user.email=${email}`, ...args);
      try {
        await git('clone', '--quiet', urls.policy, tree);
        for (const [path, change] of Object.entries(changes)) {
          const file = join(tree, path);
          writeFileSync(file, change(readFileSync(file, 'utf8')));
        }
        await inTree('commit', '--quiet', '--all', '-m', message);
        await inTree('push', '--quiet', 'origin', 'HEAD:main');
      } finally {
        rmSync(tree, { recursive: true, force: true });
      }
    },
  };
}

/** Id of the operation that a card is about. */
export function operationOn(people, card) {
  const said = people
    .buttonsOf(card)
    .map(({ value }) => JSON.parse(value).o)
    .find(Boolean);
  return said;
}
