export const logsEn = {
  title: 'Logs', search: 'Search in logs', all: 'All containers', allProjects: 'All projects', range: 'From', level: 'Level', follow: 'Back to the newest', download: 'Download', line: 'Line', copyLink: 'Copy link', toEnd: 'To the newest',
  ranges: { '': 'Newest lines', '15m': 'Last 15 minutes', '1h': 'Last hour', '24h': 'Last 24 hours', '168h': 'Last 7 days' },
  levels: { '': 'All levels', error: 'Errors', warn: 'Warnings and worse', info: 'Info and worse' },
  none: 'No lines', noneHint: 'Nothing in the logs fits.', noneYet: 'Nothing was written yet. New lines appear here.',
  lines: (n: string): string => `${n} lines`, dropped: (n: string): string => `the oldest ${n} are no longer shown`, following: 'following', complete: 'searched to the end', incomplete: 'there is more: narrow the search', reading: 'reading…',
  progress: (lines: string, done: string, all: string): string => `${lines} lines searched, ${done} of ${all} containers done`,
  silent: (names: string): string => `Not answering: ${names}. Their logs are missing here.`, omitted: (n: string, why: string): string => `${n} containers are left out: ${why}`,
  gap: (name: string, length: string): string => `${name}: lines of ${length} may be missing`,
};
