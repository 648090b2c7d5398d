import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { helpFor, helpText } from '../../src/commands/help';
import { parseLine } from '../../src/commands/grammar';
import { slackManifest } from '../../src/commands/manifest';
import { readmeTable, TABLE_END, TABLE_START, withTable } from '../../src/commands/readme-table';
import { commands } from '../../src/commands/registry';

const readmeFile = join(__dirname, '../../README.md');
const fileOf = (name: string) => parse(readFileSync(join(__dirname, '../..', name), 'utf8')) as unknown;
const http = { mode: 'http', url: 'https://signalbox.example.com' } as const;

describe('the manifest', () => {
  it('in the repository is the one made from the registry (npm run generate)', () => {
    expect(fileOf('manifest.yml')).toEqual(slackManifest({ mode: 'socket' }));
    expect(fileOf('manifest.http.yml')).toEqual(slackManifest(http));
  });

  // Limits of docs.slack.dev/reference/app-manifest.
  it.each([slackManifest({ mode: 'socket' }), slackManifest(http)])('keeps every limit of Slack', (manifest) => {
    const { display_information: about, features, oauth_config: oauth, settings } = manifest;
    expect(about.name.length).toBeLessThanOrEqual(35);
    expect(about.description.length).toBeLessThanOrEqual(140);
    expect(features.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
    expect(features.slash_commands.length).toBeLessThanOrEqual(50);
    for (const command of features.slash_commands) {
      expect(command.command).toMatch(/^\/[a-z][a-z0-9_-]{0,30}$/);
      expect(command.description.length).toBeLessThanOrEqual(2_000);
      expect(command.usage_hint.length).toBeLessThanOrEqual(1_000);
      expect(command.should_escape).toBe(true);
    }
    expect(features.shortcuts.length).toBeLessThanOrEqual(10);
    for (const shortcut of features.shortcuts) expect(shortcut.description.length).toBeLessThanOrEqual(150);
    expect(oauth.scopes.bot.length).toBeLessThanOrEqual(255);
    expect(settings.event_subscriptions.bot_events.length).toBeLessThanOrEqual(100);
  });

  it('names addresses in HTTP mode only', () => {
    expect(JSON.stringify(slackManifest({ mode: 'socket' }))).not.toContain('http');
    expect(slackManifest(http).settings.interactivity).toEqual({
      is_enabled: true,
      request_url: 'https://signalbox.example.com/slack/events',
    });
  });
});

describe('help', () => {
  const examples = commands.flatMap((command) => command.subcommands.flatMap((each) => each.examples));

  it.each(examples)('gives an example that works: %s', (example) => {
    const line = example.replace('@ann', '<@U0ANN>');
    expect(parseLine({ text: line })).toMatchObject({ ok: true });
  });

  it('shows only what a person may do, and leaves out commands of which nothing is left', () => {
    const shown = helpFor({ may: (kind) => kind === 'runbook.list' || kind === 'rollback' });
    expect(shown.map((entry) => [entry.command, entry.lines.length])).toEqual([
      ['/rollback', 1],
      ['/runbook', 1],
    ]);
    expect(helpText(shown)).not.toContain('/deploy');
  });

  it('says flags, examples and who about one command', () => {
    const text = helpText(helpFor({ topic: 'rollback' }));
    expect(text).toContain('--reason "…"');
    expect(text).toContain('e.g. /rollback checkout in production');
    expect(text).toContain("the service's owners and whoever is on call");
  });
});

describe('the table in the README', () => {
  it('has one row a subcommand and replaces only itself', () => {
    const rows = readmeTable()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(commands.flatMap((each) => each.subcommands).length);
    expect(withTable(`a\n${TABLE_START}\nold\n${TABLE_END}\nb`)).toBe(`a\n${readmeTable()}\nb`);
    expect(withTable('no markers')).toBe('no markers');
  });

  it('is up to date (npm run generate)', () => {
    const readme = existsSync(readmeFile) ? readFileSync(readmeFile, 'utf8') : '';
    if (!readme.includes(TABLE_START)) return;
    const flat = (text: string) => text.replace(/-+/g, '-').replace(/\s+/g, ' ');
    expect(flat(readme)).toContain(flat(readmeTable()));
  });
});
