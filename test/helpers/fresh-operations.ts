import { type World } from './operation-world';
import { aJudgement, aRequest } from './samples';

/** Operations of one world that share nothing: each has a service of its own, so that no lane is shared. */
export function freshOperations(world: World) {
  let place = 0;

  function fresh(overrides: Parameters<typeof aJudgement>[0] = {}, asked: Parameters<typeof aRequest>[0] = {}) {
    place += 1;
    const lane = { service: `checkout-${place}`, environment: 'production' };
    const judgement = aJudgement({ lane, ...overrides });
    const request = aRequest(asked);
    const { judge } = world;
    world.judge = (about) => (about.id === request.id ? judgement : judge(about));
    return { request, judgement };
  }

  return {
    fresh,

    /** Begun, and approved by everybody who has to. */
    async approved(overrides: Parameters<typeof aJudgement>[0] = {}) {
      const { request } = fresh(overrides);
      const operation = await world.start(request);
      await operation.until('waiting');
      await operation.vote('U0SAM');
      await operation.vote('U0LEE');
      return { operation, request };
    },

    eventsOf: (id: string): string[] =>
      world.records.filter(({ operationId }) => operationId === id).map(({ event }) => event),

    outcomeBodyOf: (id: string) =>
      world.records.find(({ operationId, event }) => operationId === id && event === 'outcome')?.body,

    /** The world's steps, with this operation's carried out otherwise. */
    forStep(id: string, step: World['step']): World['step'] {
      const { step: before } = world;
      return (input) => (input.key.startsWith(id) ? step(input) : before(input));
    },
  };
}
