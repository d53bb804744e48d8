// Parses Docker's status texts, which are in English and get old.

export type Health = '' | 'healthy' | 'unhealthy' | 'starting';

export interface Status {
  since: number; // when the state began, in milliseconds, as precisely as the text has it; 0 if it doesn't
  health: Health;
  exitCode: number | undefined;
}

const units: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800, month: 2_592_000, year: 31_536_000 };

// seconds parses a duration in docker's words: "Less than a second", "About a minute", "3 weeks". It returns NaN for other texts.
export function seconds(text: string): number {
  if (text === 'Less than a second') return 0;
  const match = /^(?:(\d+)|About an?) (second|minute|hour|day|week|month|year)s?$/.exec(text);
  return match ? Number(match[1] ?? 1) * (units[match[2] ?? ''] ?? NaN) : NaN;
}

// parseStatus parses "Up 2 hours (healthy)", "Exited (137) 3 minutes ago", "Restarting (1) 5 seconds ago".
export function parseStatus(text: string, at: number): Status {
  const health = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(text)?.[1] ?? '';
  const code = /^(?:Exited|Restarting) \((-?\d+)\)/.exec(text)?.[1];
  const age = seconds(/^Up (.+?)(?: \(.*\))?$/.exec(text)?.[1] ?? / \(-?\d+\) (.+) ago$/.exec(text)?.[1] ?? '');
  return {
    since: Number.isNaN(age) ? 0 : at - age * 1000,
    health: health as Health,
    exitCode: code === undefined ? undefined : Number(code),
  };
}
