import type { KnownBlock, ModalView } from '@slack/types';
import type { DeclaredInputs } from '../runbooks/inputs';
import type { Severity } from '../incidents/incident';
import type { ResourceRef } from '../resources/resource';
import { MODALS, type ModalMeta } from './actions';
import { section } from './blocks';
import { checkbox, choice, personInput, textInput } from './inputs';
import { inputsWithoutField, runbookFields } from './runbook-fields';
import { code, safe } from './text';
import { modal, reasonMax } from './vote-modals';

/** What a request's modal offers; empty lists become fields to type in. */
interface Offer {
  readonly meta: ModalMeta;
  readonly services: readonly string[];
  readonly environments: readonly string[];
  readonly initial?: { readonly [name: string]: string | undefined };
}

/** `/deploy` without arguments. Answers: `service`, `environment`, `version`, `reason`. */
export function deployModal(offer: Offer): ModalView {
  return modal({
    id: MODALS.deploy,
    title: 'Deploy',
    submit: 'Ask for it',
    meta: offer.meta,
    blocks: [
      ...place(offer),
      textInput({
        name: 'version',
        label: 'Version',
        initial: offer.initial?.version,
        placeholder: '1.4.2, a tag, a branch or a commit',
      }),
      reason(offer, true),
    ],
  });
}

/** `/rollback` without arguments. Answers: `service`, `environment`, `version?`, `reason`. */
export function rollbackModal(offer: Offer): ModalView {
  return modal({
    id: MODALS.rollback,
    title: 'Roll back',
    submit: 'Roll back',
    meta: offer.meta,
    blocks: [
      ...place(offer),
      textInput({
        name: 'version',
        label: 'Version',
        optional: true,
        initial: offer.initial?.version,
        hint: 'Empty means the last version that succeeded there.',
      }),
      reason(offer, true),
    ],
  });
}

interface RunbookOffer {
  readonly meta: ModalMeta;
  /** Runbooks to choose from; nothing is chosen in the form of one. */
  readonly runbooks: readonly string[];
  readonly services?: readonly string[];
  readonly environments: readonly string[];
  /** Its inputs are asked for, each answer under `input.<name>`. */
  readonly chosen?: {
    readonly name: string;
    readonly about?: string;
    readonly inputs: DeclaredInputs;
    readonly lease?: OfferedLease;
  };
}

/** How long what a runbook makes lives where nobody says, and at most; as written in the runbook. */
export interface OfferedLease {
  readonly usual: string;
  readonly most: string;
}

/**
 * The form of a runbook, or one to choose it first. Answers: `runbook?`, `environment?`, `input.<name>`, `check?`,
 * `reason?`.
 */
export function runbookModal(offer: RunbookOffer): ModalView {
  return runbookLike(offer, { id: MODALS.runbook, title: 'Run a runbook' });
}

/** The same for something to provision. Answers also `lease?`. */
export function provisionModal(offer: RunbookOffer): ModalView {
  return runbookLike(offer, { id: MODALS.provision, title: 'Provision' }, leaseFields(offer));
}

function leaseFields({ chosen }: RunbookOffer): readonly KnownBlock[] {
  if (!chosen?.lease) return [];
  const { usual, most } = chosen.lease;
  const hint = `A length of time such as 12h or 3d, at most ${most}. Empty means ${usual}; then it is taken away.`;
  return [textInput({ name: 'lease', label: 'For how long', optional: true, max: 30, placeholder: usual, hint })];
}

/** Before something is destroyed whose data is lost with it. Answers: `name`, `reason?`. */
export function destroyModal({
  resource: { kind, name },
  meta,
}: {
  readonly resource: ResourceRef;
  readonly meta: ModalMeta;
}): ModalView {
  return modal({
    id: MODALS.destroy,
    title: 'Destroy',
    submit: 'Destroy it',
    meta,
    blocks: [
      section(`⚠️ What ${code(`${kind} ${name}`, 100)} holds is lost with it, and nothing brings it back.`),
      textInput({ name: 'name', label: 'Type its name', max: 80, placeholder: name }),
      textInput({ name: 'reason', label: 'Why?', optional: true, max: 1000, hint: 'Kept in the record.' }),
    ],
  });
}

const shownServers = 20;

/** The same before a declared group loses data with its servers. Answers: `name`, `reason?`. */
export function losingModal({
  group,
  servers,
  meta,
}: {
  readonly group: string;
  /** Those that lose what they hold. */
  readonly servers: readonly string[];
  readonly meta: ModalMeta;
}): ModalView {
  const more = servers.length - shownServers;
  const names = servers.slice(0, shownServers).map((name) => code(name, 80));
  return modal({
    id: MODALS.losing,
    title: 'Change the servers',
    submit: 'Carry it out',
    meta,
    blocks: [
      section(
        `⚠️ What these servers of the group ${code(group, 60)} hold is lost with them, and nothing brings it back: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      ),
      textInput({ name: 'name', label: 'Type the name of the group', max: 80, placeholder: group }),
      textInput({ name: 'reason', label: 'Why?', optional: true, max: 1000, hint: 'Kept in the record.' }),
    ],
  });
}

/** `/incident` without arguments, or from a card or a message. Answers: `severity`, `summary`, `service?`, `environment?`. */
export function incidentModal(offer: Offer): ModalView {
  const severities: readonly Severity[] = ['sev1', 'sev2', 'sev3', 'sev4'];
  return modal({
    id: MODALS.incident,
    title: 'Open an incident',
    submit: 'Open it',
    meta: offer.meta,
    blocks: [
      choice({ name: 'severity', label: 'Severity', options: severities, initial: offer.initial?.severity ?? 'sev3' }),
      textInput({
        name: 'summary',
        label: 'What is wrong?',
        multiline: true,
        min: 3,
        max: 1000,
        initial: offer.initial?.summary,
        placeholder: 'What people notice, since when',
      }),
      ...place(offer, true),
    ],
  });
}

/** Answers: `text`. */
export function incidentUpdateModal(meta: ModalMeta): ModalView {
  return modal({
    id: MODALS.incidentUpdate,
    title: 'Post an update',
    submit: 'Post',
    meta,
    blocks: [textInput({ name: 'text', label: 'What is new?', multiline: true, min: 3, max: 1000 })],
  });
}

/** Answers: `role`, `user`. */
export function incidentAssignModal(meta: ModalMeta): ModalView {
  return modal({
    id: MODALS.incidentAssign,
    title: 'Assign a role',
    submit: 'Assign',
    meta,
    blocks: [
      choice({ name: 'role', label: 'Role', options: ['lead', 'scribe', 'communications'], initial: 'lead' }),
      personInput({ name: 'user', label: 'Person' }),
    ],
  });
}

function runbookLike(
  offer: RunbookOffer,
  look: { readonly id: string; readonly title: string },
  more: readonly KnownBlock[] = [],
): ModalView {
  const { chosen, runbooks, services, environments } = offer;
  // An input that names the environment says where; asking twice would be asking for a contradiction.
  const hasOwn = Object.values(chosen?.inputs ?? {}).some(({ type }) => type === 'environment');
  const blocks: KnownBlock[] = [
    ...(chosen ? [section(`*${safe(chosen.name, 120)}*${chosen.about ? `\n${safe(chosen.about, 1000)}` : ''}`)] : []),
    ...(chosen && runbooks.length === 0
      ? []
      : [choice({ name: 'runbook', label: 'Runbook', options: runbooks, initial: chosen?.name })]),
    ...runbookFields(chosen?.inputs ?? {}, { services, environments }),
    ...withoutField(chosen?.inputs ?? {}),
    ...more,
    ...(environments.length > 0 && !hasOwn
      ? [choice({ name: 'environment', label: 'Environment', options: environments, optional: true })]
      : []),
    textInput({
      name: 'reason',
      label: 'Reason',
      optional: true,
      max: reasonMax,
      hint: 'Approvers see it on the card.',
    }),
    ...(chosen
      ? [
          checkbox({
            name: 'check',
            label: 'Dry run',
            option: 'Only check (dry run)',
            hint: 'Says what would come of it. Nobody is asked and nothing is changed.',
          }),
        ]
      : []),
  ];
  return modal({ ...look, submit: chosen ? 'Ask for it' : 'Next', meta: offer.meta, blocks });
}

function withoutField(inputs: DeclaredInputs): readonly KnownBlock[] {
  const names = inputsWithoutField(inputs);
  if (names.length === 0) return [];
  const shown = names.slice(0, 20).map((name) => code(name, 60));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return [
    section(
      `⚠️ A form has no room for ${shown.join(', ')}${more}, so they keep their defaults; the command takes them, each as name=value.`,
    ),
  ];
}

function place(offer: Offer, optional = false): KnownBlock[] {
  return [
    choice({ name: 'service', label: 'Service', options: offer.services, initial: offer.initial?.service, optional }),
    choice({
      name: 'environment',
      label: 'Environment',
      options: offer.environments,
      initial: offer.initial?.environment,
      optional,
    }),
  ];
}

function reason(offer: Offer, optional: boolean): KnownBlock {
  return textInput({
    name: 'reason',
    label: 'Reason',
    optional,
    max: reasonMax,
    initial: offer.initial?.reason,
    hint: 'Approvers see it on the card.',
  });
}
