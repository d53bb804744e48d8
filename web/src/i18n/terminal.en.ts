export const terminalEn = {
  command: 'Command (empty: a shell)', again: 'Open', reconnect: 'Open again', find: 'Search the screen',
  exited: (code: string): string => `The process ended with exit code ${code}.`,
  ended: (why: string): string => `The terminal ended: ${why}`, lost: 'The connection was lost. What ran may go on or have been hung up.',
};
