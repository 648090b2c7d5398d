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

it('shows what caused it first, before it says how much it leaves out', () => {
  const cause = { at: event.at, text: 'checkout v2.5.0 was rolled back.', pinned: true };
  const shown = markupOf(incidentCard(incidentView({ timeline: [cause, event], moreEvents: 7 })));
  const places = ['📌', 'v2.5.0 was rolled back', '7 earlier in the thread', 'named as lead'].map((text) =>
    shown.indexOf(text),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

it('says of Resolve only what happens', () => {
  const shown = JSON.stringify(incidentCard(incidentView()));
  expect(shown).toContain('takes no more after that');
  expect(shown).not.toContain('froze');
});

it('has room in the thread for everything that the timeline began with', () => {
  const events = Array.from({ length: 31 }, (_, index) => ({ ...event, text: `${index}: ${'x'.repeat(150)}` }));
  const shown = markupOf(renderNotice({ kind: 'incident_history', events }));
  for (const index of events.keys()) expect(shown).toContain(` ${index}: x`);
});

it('says the same in the thread', () => {
  expect(renderNotice({ kind: 'incident_event', ...event }).text).toContain('<@U0SUE> named as lead <@U0KIM>');
});

it('mentions whose approval fell beside the reason', () => {
  const { text } = renderNotice({ kind: 'changed', message: 'An approval no longer counts.', about: ['U0LEE'] });
  expect(text).toBe('🔄 An approval no longer counts. (<@U0LEE>)');
});
