import { appMethods } from './apps';
import { chatMethods } from './chat';
import { conversationMethods } from './conversations';
import { markMethods } from './marks';
import type { Method } from './method';
import { userMethods } from './users';
import { viewMethods } from './views';

/** Every Web API method this server knows; the rest answer `unknown_method`. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [appMethods, chatMethods, conversationMethods, markMethods, userMethods, viewMethods].flatMap((family) =>
    Object.entries(family),
  ),
);
