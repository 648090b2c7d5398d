import { incidentCard } from '../../src/messages/incident-card';
import { renderNotice } from '../../src/messages/notices';
import { markupOf } from './reading';
import { incidentView } from './views';

const event = { at: '2026-11-21T09:00:00.000Z', by: 'U0SUE', text: 'named as lead', about: 'U0KIM' };

it('names people around a line of its timeline, never inside the text', () => {
  const forged = { at: event.at, by: 'U0SUE', text: 'says <@U0EVIL> did it' };
  const shown = markupOf(incidentCard(incidentView({ timeline: [event, forged] })));
  expect(shown).toContain('<@U0SUE> named as lead <@U0KIM>');
  expect(shown).not.toContain('<@U0EVIL>');
});

it('says the same in the thread', () => {
  expect(renderNotice({ kind: 'incident_event', ...event }).text).toContain('<@U0SUE> named as lead <@U0KIM>');
});

it('mentions whose approval fell beside the reason', () => {
  const { text } = renderNotice({ kind: 'changed', message: 'An approval no longer counts.', about: ['U0LEE'] });
  expect(text).toBe('🔄 An approval no longer counts. (<@U0LEE>)');
});
