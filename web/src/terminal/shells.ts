// The shells to try in a container: each image has another one, or none.
export const shells: readonly (readonly string[])[] = [['bash', '-l'], ['sh'], ['ash'], ['/bin/busybox', 'sh'], ['pwsh'], ['cmd.exe']];

// Engines and shells return the exit codes 126 and 127 for a program that doesn't exist.
export const notThere = (code: number | undefined): boolean => code === 126 || code === 127;

// commandOf splits the input at spaces. No shell parses it.
export const commandOf = (typed: string): string[] => typed.trim().split(/\s+/).filter((part) => part !== '');
