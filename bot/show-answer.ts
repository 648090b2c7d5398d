import type { KnownBlock } from '@slack/types';
import type { Parsed } from '../src/commands/grammar';
import { answerWords } from '../src/messages/answer-words';
import { holdsMessage } from '../src/messages/hold-words';
import { resourcesMessage } from '../src/messages/resource-words';
import { section, type Message, type RenderContext } from '../src/messages/blocks';
import { incidentCard } from '../src/messages/incident-card';
import { linesMessage } from '../src/messages/lines-message';
import { logMessage } from '../src/messages/log-view';
import { operationCard } from '../src/messages/operation-card';
import { runbookListMessage } from '../src/messages/runbook-list';
import { serversMessage } from '../src/messages/server-words';
import { statusMessage } from '../src/messages/status';
import { link, safeLines } from '../src/messages/text';
import type { ExplainedLine } from '../src/policy/explain';
import type { Answer } from './answers';
import { leaseId } from '../workflows/contract';
import { plainMessage, sentenceMessage } from './tell';

/** An answer as a private message in Slack. Cards shown so have no buttons: decisions are made on the card itself. */
export function messageOf(answer: Answer, about: RenderContext): Message {
  switch (answer.kind) {
    case 'status':
      return statusMessage(answer.status, about);
    case 'operation':
      return withoutButtons(operationCard(answer.view, about));
    case 'incident':
      return withoutButtons(incidentCard(answer.view, about));
    case 'explained':
      return explainedMessage(answer.lines);
    case 'lines':
      return linesMessage(answer.lines, 'the command line of Signalbox prints all of them.');
    case 'runbooks':
      return runbookListMessage(answer.list);
    case 'resources':
      return resourcesMessage(answer.resources, { ...about, leaseIdOf: leaseId });
    case 'log':
      return logMessage(answer.log, about);
    case 'servers':
      return serversMessage(answer.view);
    case 'holds':
      return holdsMessage(answer.holds, about);
    default: {
      const people = 'about' in answer ? answer.about : [];
      return sentenceMessage(answerWords(answer.sentence, people, { tokens: about.dateTokens ?? true }));
    }
  }
}

/** Sentences with their places, linked where the repository can be looked at. */
function explainedMessage(lines: readonly ExplainedLine[]): Message {
  const shown = lines.map(({ sentence, place, url }) => {
    const said = safeLines(sentence, { max: 600 });
    return place === undefined ? said : `${said} (${link(url, place)})`;
  });
  const text = safeLines(lines.map(({ sentence }) => sentence).join('\n'), { max: 2_800, lines: 60 });
  return { text, blocks: [section(shown)] };
}

/** What somebody is told whose words were not understood. */
export function misreadMessage(parsed: Extract<Parsed, { ok: false }>): Message {
  const meant = parsed.didYouMean === undefined ? [] : [`Did you mean: ${parsed.didYouMean}`];
  return plainMessage([parsed.problem, ...meant, `Usage: ${parsed.usage}`].join('\n'));
}

function withoutButtons(message: Message): Message {
  const blocks = message.blocks.filter((block): block is KnownBlock => block.type !== 'actions');
  return { text: message.text, blocks };
}
