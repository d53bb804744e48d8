// Which shell a container has can only be found out by trying: images come with one, another or none.
export const shells: readonly (readonly string[])[] = [['bash', '-l'], ['sh'], ['ash'], ['/bin/busybox', 'sh'], ['pwsh'], ['cmd.exe']];

// The exit codes of a program that isn't there: 126 and 127 as engines and shells have them.
export const notThere = (code: number | undefined): boolean => code === 126 || code === 127;

// commandOf splits what was typed at its spaces; no shell reads it.
export const commandOf = (typed: string): string[] => typed.trim().split(/\s+/).filter((part) => part !== '');
