import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const company = {
  timezone: 'Europe/Berlin',
  users: [{ id: 'U0SUE', name: 'sue' }],
  groups: [{ id: 'S0SECURITY', handle: 'security' }],
  channels: [{ id: 'C0DEPLOYS', name: 'deploys' }],
};

/** What a function of the demo's Slack makes of a value. */
function called(name: 'readable' | 'escaped', value: unknown): unknown {
  const script = `import { ${name} } from './scripts/slack-proxy/readable.mjs';
    const [value, company] = JSON.parse(process.argv[1]);
    process.stdout.write(JSON.stringify(${name}(value, company)));`;
  const args = ['--input-type=module', '-e', script, JSON.stringify([value, company])];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
}

test('the page shows texts as Slack would, and leaves ids and metadata alone', () => {
  const block = { type: 'section', text: { type: 'mrkdwn', text: 'a &lt;b&gt; &amp; <!subteam^S0SECURITY> <@U0SUE>' } };
  const given = { blocks: [block], private_metadata: '&lt;', value: '&lt;' };
  expect(called('readable', given)).toEqual({
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'a <\u200bb> & *@security* <@U0SUE>' } }],
    private_metadata: '&lt;',
    value: '&lt;',
  });
});

test('an instant is shown in the time zone of the company', () => {
  const text = '<!date^1795251600^{date_short} {time}|2026-11-21 09:00 UTC>';
  expect(called('readable', { text })).toEqual({ text: '21 Nov 2026 10:00' });
});

test('a code block keeps its lines apart', () => {
  const text = 'It said:\n```\none &lt;b&gt;\n\n_two_\n```\nand ended';
  expect(called('readable', { text })).toEqual({ text: 'It said:\n`one <\u200bb>`\n\n`_two_`\nand ended' });
});

test('a command comes with people and channels by id, and entities', () => {
  expect(called('escaped', 'assign lead @sue <b> & @nobody in #deploys')).toBe(
    'assign lead <@U0SUE|sue> &lt;b&gt; &amp; @nobody in <#C0DEPLOYS|deploys>',
  );
});
