import { z } from 'zod';
import { text } from '../../documents/text';
import { controlKind } from './control';

const place = { service: text(), environment: text(), reason: text().max(500).optional() };

export const deployWith = z.strictObject({ ...place, version: text(), rollout: text().optional() });
export const rolloutWith = deployWith.required({ rollout: true });
export const rollbackWith = z.strictObject({ ...place, version: text().optional() });

const doc =
  'under the policy of its own environment, with its own approvals, lane, card and record, and waits for its end.';

export const deploy = controlKind({
  name: 'deploy',
  control: 'operation',
  doc: `Deploys a service as an operation of its own: ${doc} What it completed is undone only with \`undo: rollback\`. Expressions see \`operation_id\`, \`outcome\` and \`version\`.`,
  with: deployWith,
  tells: ['operation_id', 'outcome', 'version'],
  readOnly: () => false,
});

export const rollout = controlKind({
  name: 'rollout',
  control: 'operation',
  doc: `Deploys a service in the stages of a rollout (\`deployments/<name>.yaml\`), as an operation of its own: ${doc} It is over when the last stage has met its criteria; one that was missed undoes every stage, and fails the step. What it completed is undone only with \`undo: rollback\`. Expressions see \`operation_id\`, \`outcome\` and \`version\`.`,
  with: rolloutWith,
  tells: ['operation_id', 'outcome', 'version'],
  readOnly: () => false,
});

export const rollback = controlKind({
  name: 'rollback',
  control: 'operation',
  doc: `Rolls a service back as an operation of its own: ${doc} Expressions see \`operation_id\`, \`outcome\` and \`version\`.`,
  with: rollbackWith,
  tells: ['operation_id', 'outcome', 'version'],
  readOnly: () => false,
});
