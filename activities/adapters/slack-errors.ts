import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

/** What a failed call to Slack tells us. Only `refused` and `limited` say that nothing was done. */
export type SlackTrouble =
  | { readonly kind: 'limited'; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly error: string; readonly needed?: string }
  /** No answer, or one that says nothing: the call may have been carried out. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Answers of Slack's that mean "our side broke", whatever the call did before. */
const slackBroke = new Set([
  'fatal_error',
  'internal_error',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);

export function troubleIn(error: unknown): SlackTrouble {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'limited', afterMs: Math.max(1, error.retryAfter) * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const { error: code, needed } = error.data as { error: unknown; needed?: unknown };
    const name = typeof code === 'string' && /^[a-z0-9_]{1,80}$/.test(code) ? code : undefined;
    if (name === undefined || slackBroke.has(name))
      return { kind: 'unknown', why: name ?? 'an answer that is not JSON' };
    if (name === 'ratelimited' || name === 'rate_limited') return { kind: 'limited', afterMs: 30_000 };
    return { kind: 'refused', error: name, ...(typeof needed === 'string' && { needed }) };
  }
  // A 4xx that is not JSON comes from a stand-in without that method, or from a proxy: nothing was done.
  if (error instanceof WebAPIHTTPError && error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 408)
    return { kind: 'refused', error: error.statusCode === 404 ? 'unknown_method' : `http_${error.statusCode}` };
  if (error instanceof WebAPIHTTPError) return { kind: 'unknown', why: `status ${error.statusCode}` };
  if (error instanceof WebAPIRequestError) return { kind: 'unknown', why: 'no answer' };
  return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) };
}

/** Errors by which a workspace says that it lacks something for good: a plan, a scope, a method, a permission. */
export const lacking: ReadonlySet<string> = new Set([
  'access_denied',
  'enterprise_is_restricted',
  'feature_not_enabled',
  'method_not_supported',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'paid_teams_only',
  'permission_denied',
  'plan_upgrade_required',
  'restricted_action',
  'unknown_method',
  'user_is_restricted',
]);
