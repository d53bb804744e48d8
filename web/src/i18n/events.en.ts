export const eventsEn = {
  title: 'Events', time: 'Time', event: 'Event', subject: 'Subject', host: 'Host', details: 'Details',
  search: 'Container name or id', allHosts: 'All hosts', allTypes: 'All types', type: 'Type', range: 'From', unexpected: 'Unexpected ends only',
  ranges: { '1h': 'Last hour', '12h': 'Last 12 hours', '24h': 'Last 24 hours', '168h': 'Last 7 days', '': 'Everything kept' },
  types: { container: 'Containers', image: 'Images', network: 'Networks', volume: 'Volumes', host: 'Hosts', gap: 'Gaps' },
  none: 'No events', noneHint: 'Nothing was recorded in this time that fits the filters.',
  gap: (length: string): string => `Gap of ${length}: events of this time may be missing`, gapAll: 'all hosts', reason: (text: string): string => text,
  connected: 'wharf reached the host', disconnected: 'wharf lost the host', inferred: 'inferred', inferredHint: 'Not seen as it happened: concluded from the state afterwards.',
  signal: (name: string): string => `signal ${name}`,
  by: (user: string): string => `by ${user}`, endedItself: 'ended by itself', exitCode: (code: string): string => `exit code ${code}`, fresh: (n: string): string => `${n} new`,
  end: 'That is all there is.',
};
