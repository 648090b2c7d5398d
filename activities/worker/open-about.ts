import { SEARCH_ATTRIBUTES } from '../../workflows/contract';

/** What open workflows are about. Of a list, any of it will do. */
interface About {
  readonly service?: string;
  readonly environment?: string;
  readonly requester?: readonly string[];
}

/** A query for open workflows of a type, and about something where it is named. Lists lag by a moment. */
export function openAbout(type: string, { service, environment, requester }: About = {}): string {
  return [
    `WorkflowType = ${quoted(type)}`,
    `ExecutionStatus = 'Running'`,
    ...(service === undefined ? [] : [`${SEARCH_ATTRIBUTES.service.name} = ${quoted(service)}`]),
    ...(environment === undefined ? [] : [`${SEARCH_ATTRIBUTES.environment.name} = ${quoted(environment)}`]),
    ...(requester === undefined
      ? []
      : [`${SEARCH_ATTRIBUTES.requester.name} IN (${requester.map(quoted).join(', ')})`]),
  ].join(' AND ');
}

/** What is asked for comes from people: nothing but a name gets into the query. */
function quoted(name: string): string {
  return `'${name.replace(/[^A-Za-z0-9._-]/g, '')}'`;
}
