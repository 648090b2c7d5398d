import { openAbout } from '../../activities/worker/open-about';

const open = `WorkflowType = 'review' AND ExecutionStatus = 'Running'`;

test.each([
  ['nothing more', {}, open],
  [
    'a service in an environment',
    { service: 'check-out_2.0', environment: 'production' },
    `${open} AND SignalboxService = 'check-out_2.0' AND SignalboxEnvironment = 'production'`,
  ],
  ['any of some people', { requester: ['U0ANN', 'U0BEN'] }, `${open} AND SignalboxRequester IN ('U0ANN', 'U0BEN')`],
  [
    'names that would say more than a name',
    { service: `x' OR '1'='1`, requester: [`U0') OR (\\`] },
    `${open} AND SignalboxService = 'xOR11' AND SignalboxRequester IN ('U0OR')`,
  ],
])('open workflows are asked for by %s', (_, about, query) => {
  expect(openAbout('review', about)).toBe(query);
});
