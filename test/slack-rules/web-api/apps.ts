import type { Method, Methods } from './method';

const authTest: Method = {
  tier: 'none',
  run({ workspace: { bot } }) {
    return {
      url: `https://${bot.teamDomain}.slack.com/`,
      team: bot.teamDomain,
      user: bot.name,
      team_id: bot.teamId,
      user_id: bot.userId,
      bot_id: bot.botId,
      app_id: bot.appId,
      is_enterprise_install: false,
    };
  },
};

const connectionsOpen: Method = {
  tier: 'T3',
  token: 'app',
  run: ({ sockets, origin }) => ({ url: `${origin.replace('http', 'ws')}/link/?ticket=${sockets.issueTicket()}` }),
};

const apiTest: Method = { tier: 'T4', run: ({ args }) => ({ args }) };

/** About the app itself. */
export const appMethods: Methods = {
  'auth.test': authTest,
  'apps.connections.open': connectionsOpen,
  'api.test': apiTest,
};
