import { ACTIONS } from '../../src/messages/actions';
import { onButton, type Register } from './listener';

/** Slack sends a payload for every link button too and shows an error when nobody acknowledges it. */
export const register: Register = (app, deps) => {
  onButton(app, deps, { action: ACTIONS.openLink, pressed: (_click, ack) => ack() });
};
