import type { WebAPICallResult, WebClient } from '@slack/web-api';
import { createSlackClient } from '../../../activities/adapters/slack-client';
import { botScopes } from '../../commands/manifest';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';

/** Without these nothing works; without the others something is done without. */
const coreScopes: readonly string[] = ['chat:write', 'commands', 'users:read'];
const callTimeoutMs = 8_000;
/** Slack's signature and Temporal's timers bear a clock that is off by less. */
const clockLimitMs = 60_000;

export const checkSlack: Check = async (config) => {
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl } = config;
  const findings: Finding[] = [];
  if (token !== undefined) {
    const client = createSlackClient({ token, apiUrl, timeoutMs: callTimeoutMs });
    findings.push(...(await checkBotToken(client)), await checkGroups(client));
  }
  if (config.SLACK_APP_TOKEN !== undefined)
    findings.push(
      await checkAppToken(createSlackClient({ token: config.SLACK_APP_TOKEN, apiUrl, timeoutMs: callTimeoutMs })),
    );
  else if (config.SLACK_SIGNING_SECRET !== undefined)
    findings.push(
      ok('Slack transport', `HTTP mode: Slack has to reach port ${config.PORT} at /slack/events by https.`),
    );
  else
    findings.push(
      failed('Slack transport', 'Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP mode.'),
    );
  return findings;
};

async function checkBotToken(client: WebClient): Promise<readonly Finding[]> {
  try {
    const answer = await client.auth.test();
    const who = ok('Slack bot token', `It is ${answer.user ?? 'a bot'} in ${answer.team ?? 'its workspace'}.`);
    return [
      answer.bot_id ? who : failed('Slack bot token', 'It belongs to a person; use the bot token (xoxb-…) of the app.'),
      scopes(answer),
    ];
  } catch (error) {
    return [failed('Slack bot token', `${slackWords(error)} Copy it again from the app's page, OAuth & Permissions.`)];
  }
}

function scopes(answer: WebAPICallResult): Finding {
  const granted = answer.response_metadata?.scopes;
  if (granted === undefined) return missing('Slack scopes', 'This server does not tell which scopes the token has.');
  const absent = botScopes.filter((scope) => !granted.includes(scope));
  if (absent.length === 0) return ok('Slack scopes', 'The app has every scope it asks for.');
  const what = `The app lacks ${absent.join(', ')}; update it from "signalbox manifest" and install it again`;
  return absent.some((scope) => coreScopes.includes(scope))
    ? failed('Slack scopes', `${what}.`)
    : missing('Slack scopes', `${what}, or do without what they are for.`);
}

async function checkGroups(client: WebClient): Promise<Finding> {
  try {
    const { usergroups = [] } = await client.usergroups.list();
    return ok('Slack user groups', `The workspace has ${usergroups.length}.`);
  } catch (error) {
    return missing(
      'Slack user groups',
      `${slackWords(error)} Teams with slack_group have no members then; list users in policy.yaml instead.`,
    );
  }
}

async function checkAppToken(client: WebClient): Promise<Finding> {
  try {
    await client.apps.connections.open();
    return ok('Slack app token', 'Socket Mode is open to it.');
  } catch (error) {
    return failed(
      'Slack app token',
      `${slackWords(error)} Make one with the scope connections:write, and turn Socket Mode on.`,
    );
  }
}

/** Slack's code for what is wrong; never its text, which may repeat what was sent. */
function slackWords(error: unknown): string {
  const { data, code, original } = error as {
    readonly data?: { readonly error?: string };
    readonly code?: string;
    readonly original?: { readonly code?: string };
  };
  if (data?.error !== undefined) return `Slack says ${data.error}.`;
  return `Slack does not answer (${original?.code ?? code ?? 'no reason is given'}).`;
}

export const checkClock: Check = async ({ SLACK_API_URL: apiUrl = 'https://slack.com/api/' }, io) => {
  try {
    const asked = io.now().getTime();
    const response = await fetch(new URL('api.test', apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`), {
      method: 'POST',
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    await response.arrayBuffer();
    const answered = io.now().getTime();
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return [missing('clock', 'Nobody was there to compare it with.')];
    const off = Math.max(0, asked - (theirs + 1_000), theirs - answered);
    const seconds = Math.round(off / 1_000);
    if (off <= clockLimitMs) return [ok('clock', `It agrees with Slack's to ${Math.max(1, seconds)} s.`)];
    return [
      failed(
        'clock',
        `It is ${seconds} s away from Slack's; set up NTP, or windows, freezes and signatures are judged wrongly.`,
      ),
    ];
  } catch {
    return [missing('clock', 'Slack does not answer, so there is nothing to compare it with.')];
  }
};
