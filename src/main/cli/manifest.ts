import { stringify } from 'yaml';
import { slackManifest, type Transport } from '../../commands/manifest';
import { BadInput, printJson, type AddCommand } from './command';

export const addManifest: AddCommand = (program, { io, ends }) => {
  program
    .command('manifest')
    .description("Print Slack's app manifest: paste it at api.slack.com/apps, Create New App, From a manifest")
    .option('--http <url>', 'for HTTP mode: the public https address of the bot')
    .option('--json', 'print JSON')
    .action(
      ends(({ http, json }: { readonly http?: string; readonly json?: boolean }) => {
        const manifest = slackManifest(transportOf(http));
        if (json) printJson(io, manifest);
        else io.out(manifestYaml(manifest));
        return 0;
      }),
    );
};

export function manifestYaml(manifest: ReturnType<typeof slackManifest>): string {
  return stringify(manifest, { lineWidth: 0 }).trimEnd();
}

function transportOf(url: string | undefined): Transport {
  if (url === undefined) return { mode: 'socket' };
  if (!/^https:\/\/[^\s/?#]+(\/[^\s?#]*)?$/.test(url))
    throw new BadInput(
      `Slack calls public https addresses only, and "${url}" is not one; give one such as https://signalbox.example.com.`,
    );
  return { mode: 'http', url };
}
