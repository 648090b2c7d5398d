import type { Json } from '../types';
import { presentGroup, presentUser } from './present';
import { flag, knownUser, page, required, SlackError, type Method, type MethodCall, type Methods } from './method';

const info: Method = {
  tier: 'T4',
  run: (call) => ({ user: show(call, knownUser(call.workspace, required(call.args, 'user')).id) }),
};

const list: Method = {
  tier: 'T2',
  run(call) {
    const { items, next } = page(call.args, [...call.workspace.users.keys()], 200);
    return { members: items.map((id) => show(call, id)), response_metadata: { next_cursor: next } };
  },
};

const lookupByEmail: Method = {
  tier: 'T3',
  needs: { capability: 'emails', scope: 'users:read.email' },
  run(call) {
    const email = required(call.args, 'email').toLowerCase();
    const user = [...call.workspace.users.values()].find((one) => one.email?.toLowerCase() === email && !one.deleted);
    if (!user) throw new SlackError('users_not_found');
    return { user: show(call, user.id) };
  },
};

const groupsList: Method = {
  tier: 'T2',
  needs: { capability: 'userGroups', error: 'plan_upgrade_required' },
  run({ workspace, args }) {
    const groups = [...workspace.groups.values()].filter((group) => !group.disabled || flag(args, 'include_disabled'));
    return {
      usergroups: groups.map((group) => ({
        ...presentGroup(group, workspace.bot.teamId),
        ...(flag(args, 'include_users') ? { users: group.users } : {}),
      })),
    };
  },
};

const groupUsers: Method = {
  tier: 'T2',
  needs: { capability: 'userGroups', error: 'plan_upgrade_required' },
  run({ workspace, args }) {
    const group = workspace.groups.get(required(args, 'usergroup'));
    if (!group || (group.disabled && !flag(args, 'include_disabled'))) throw new SlackError('no_such_subteam');
    return { users: [...group.users] };
  },
};

export const userMethods: Methods = {
  'users.info': info,
  'users.list': list,
  'users.lookupByEmail': lookupByEmail,
  'usergroups.list': groupsList,
  'usergroups.users.list': groupUsers,
};

function show({ workspace }: MethodCall, id: string): Json {
  return presentUser(knownUser(workspace, id), { withEmail: workspace.capabilities.emails });
}
