import { createHash } from 'node:crypto';

const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Ten characters that follow from a delivery id: the same delivery always gives the same operation. 31^10 possibilities. */
export function shortIdOf(deliveryId: string): string {
  const bytes = createHash('sha256').update(deliveryId).digest();
  return Array.from(bytes.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** `deploy-checkout-production-k3m9x2p7qa`: readable in Temporal's UI, and the button's only value. */
export function operationIdOf(asked: {
  readonly kind: string;
  readonly subject: string;
  readonly environment?: string;
  readonly deliveryId: string;
}): string {
  const parts = [asked.kind, asked.subject, asked.environment].filter((part): part is string => !!part).map(slug);
  return [...parts, shortIdOf(asked.deliveryId)].join('-');
}

/**
 * The id of an incident about an operation: it follows from the operation, so that a second click joins the first. Once
 * that incident is over, the next one about the same operation has the next number.
 */
export function incidentIdAbout(operationId: string, number = 1): string {
  const stem = operationId.slice(0, Math.max(0, operationId.lastIndexOf('-'))) || operationId;
  return `incident-${stem}-${shortIdOf(`incident/${operationId}/${number}`)}`;
}

/** The part of an id that people say and cards show. */
export function shortIdIn(operationId: string): string {
  return operationId.slice(operationId.lastIndexOf('-') + 1);
}

function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'x'
  );
}
