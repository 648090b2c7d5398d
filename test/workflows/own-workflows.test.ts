import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as contract from '../../workflows/contract';
import { isOwnWorkflow, ownSignals } from '../../workflows/run/own-workflows';

test.each([
  ['lane/production/shop', 'laneGranted'],
  ['lease/provision-sandbox-demo', 'anything'],
  ['watch/scale-out', 'watch'],
  ['push/release', 'watch'],
  ['trigger/nightly', 'anything'],
  ['review/deploy-shop', 'anything'],
  ['firings', 'fire'],
  ['holds', 'anything'],
  ['policy-watch', 'anything'],
  ['sweep-2026-11-22T03:00:00Z', 'anything'],
  ['deploy-shop-production-abc/run', 'anything'],
  ['runbook-patch-hosts-abc/each/slice-3', 'anything'],
  ['runbook-patch-hosts-abc/each/undo-0123456789abcdef', 'anything'],
])('%s is told nothing by a step: %s', (id, signal) => {
  expect(isOwnWorkflow({ id, signal })).toBe(true);
});

test.each([
  { id: 'order-17', signal: 'watch' },
  { id: 'order-17', signal: 'status' },
  { id: 'sweeper', signal: 'enter' },
  { type: 'countWords', task_queue: 'other-team', id: 'release/2026' },
])('a workflow of another team is reached: %j', (about) => {
  expect(isOwnWorkflow(about)).toBe(false);
});

/** Signals whose names are not kept for Signalbox, because the workflows that hear them are never reached. */
const onlyInOwnPlaces = ['WATCH', 'ALERTED', 'HOOKED', 'FIRE', 'LANE_ENTER', 'LANE_LEAVE', 'LANE_STATUS'];

test('every signal that a workflow of Signalbox hears is out of reach', () => {
  const root = join(__dirname, '../../workflows');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const names = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/defineSignal(?:<[^(]*>)?\((\w+)\)/g)].map(([, name]) => name!),
  );
  expect(names.length).toBeGreaterThan(15);
  const heard = [...new Set(names)].filter((name) => !onlyInOwnPlaces.includes(name));
  const constants: { readonly [name: string]: unknown } = contract;
  expect(heard.filter((name) => !ownSignals.includes(String(constants[name])))).toEqual([]);
});
