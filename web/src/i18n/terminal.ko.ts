export const terminalKo = {
  command: '명령 (비우면 셸)', again: '열기', reconnect: '다시 열기', find: '화면에서 찾기',
  exited: (code: string): string => `프로세스가 종료 코드 ${code}(으)로 끝났습니다.`,
  ended: (why: string): string => `터미널이 끝났습니다: ${why}`, lost: '연결이 끊어졌습니다. 실행 중이던 것은 계속되거나 중단되었을 수 있습니다.',
};
