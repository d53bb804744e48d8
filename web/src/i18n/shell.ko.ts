const states: Record<string, string> = {
  running: '실행 중', exited: '종료됨', paused: '일시 정지', restarting: '재시작 중', created: '생성됨', dead: '비정상 종료', removing: '삭제 중',
  healthy: '정상', unhealthy: '비정상', starting: '시작 중', up: '연결됨', down: '응답 없음', degraded: '불안정', unknown: '알 수 없음',
};

export const shellKo = {
  nav: {
    label: '페이지', fleet: '전체 현황', containers: '컨테이너', logs: '로그', events: '이벤트', hosts: '호스트', images: '이미지', operations: '일괄 작업', audit: '감사 기록', users: '사용자',
    me: '내 계정', open: '메뉴 열기', close: '메뉴 닫기', skip: '본문으로 건너뛰기',
  },
  state: (name: string): string => states[name] ?? name,
  common: {
    close: '닫기', cancel: '취소', retry: '다시 시도', copy: '복사', copied: '복사됨', none: '없음', yes: '예', no: '아니요', loading: '불러오는 중…',
    clear: '지우기', more: '더 보기', notFound: '없는 페이지입니다.', home: '전체 현황으로', search: '검색', save: '저장', remove: '삭제',
    failed: '실패:', unreachable: 'wharf가 응답하지 않습니다.', forbidden: (why: string): string => `권한이 없습니다: ${why}`,
    unknown: '알 수 없음', older: '이전 항목 보기', broken: '페이지에 문제가 생겼습니다. 데이터는 안전하며, 새로 고치면 대개 해결됩니다.', reload: '새로 고침',
  },
  link: {
    denied: '아직 부여된 권한이 없습니다', deniedHint: '관리자가 호스트와 컨테이너에 대한 권한을 줄 수 있습니다. 권한을 받으면 이 화면이 바로 바뀝니다.',
    refused: (why: string, age: string): string => `wharf가 거부했습니다: ${why}. 지금 보이는 것은 ${age}의 상태입니다. 다시 시도하는 중…`,
    live: '실시간', connecting: '연결 중…', resting: '숨겨진 동안 멈춤',
    lost: (age: string): string => `wharf가 응답하지 않습니다. 지금 보이는 것은 ${age}의 상태입니다. 다시 연결하는 중…`,
  },
  palette: { open: '전체 검색', label: '페이지, 호스트, 컨테이너로 이동', empty: '그런 이름이 없습니다.', page: '페이지', host: '호스트', container: '컨테이너' },
  login: {
    title: '로그인', username: '사용자 이름', password: '비밀번호', submit: '로그인', ended: '세션이 끝났습니다. 로그인하면 보던 곳으로 돌아갑니다.',
    anonymous: '로그인하지 않고 계속', starting: '시작하는 중…', unreachable: 'wharf가 응답하지 않습니다. 다시 시도하는 중…',
  },
  setup: {
    title: 'wharf에 오신 것을 환영합니다', intro: '아직 사용자가 없습니다. 첫 사용자인 관리자를 만드세요.', token: '설정 토큰',
    tokenHint: 'wharf가 시작할 때 로그에 출력됩니다.', fullName: '이름', email: '이메일', passwordHint: '6자 이상. 길수록 좋습니다.', submit: '관리자 만들기',
  },
  theme: { label: '테마', auto: '시스템', light: '밝게', dark: '어둡게' },
  language: { label: '언어', en: 'English', ko: '한국어' },
  user: { menu: '계정', logout: '로그아웃', anonymous: '로그인하지 않음', login: '로그인', role: (role: string): string => `역할: ${role}` },
  time: { since: (text: string): string => `${text}부터`, lastSeen: (age: string): string => `마지막 확인 ${age}` },
};
