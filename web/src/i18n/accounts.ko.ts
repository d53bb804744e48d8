export const meKo = {
  appearance: '화면', oldPassword: '현재 비밀번호', newPassword: '새 비밀번호', passwordHint: '다른 세션은 모두 끝납니다.', changePassword: '비밀번호 변경', passwordChanged: '비밀번호를 변경했습니다.',
  sessions: '세션', browser: '브라우저', from: '주소', begun: '생성', used: '마지막 사용', current: '현재', end: '끝내기', endOthers: '다른 세션 모두 끝내기',
  endTitle: '세션을 끝낼까요?', endText: '이 세션을 쓰는 사람은 다시 로그인해야 합니다.', endOthersText: '지금 세션을 뺀 모든 세션이 끝납니다.',
  keys: 'API 키', keyName: '이름', role: '역할', until: '유효 기한', never: '기한 없음', unused: '사용 안 함', createKey: '키 만들기', noKeys: 'API 키가 없습니다', keyOnce: '키입니다. 이번 한 번만 보입니다:',
  deleteKey: (name: string): string => `${name} 키를 삭제할까요?`, deleteKeyText: '이 키를 쓰는 프로그램은 더 이상 로그인할 수 없습니다.',
};

export const usersKo = {
  tabs: { users: '사용자', grants: '권한 부여', sessions: '세션' },
  add: '사용자 추가', role: '역할', created: '생성', disabled: '사용 중지', you: '나', enable: '사용', disable: '사용 중지',
  roles: { none: '부여된 권한만', viewer: '모두 보기(비밀 가림)', operator: '시작과 중지도 가능', admin: '전체' },
  delete: (name: string): string => `${name} 사용자를 삭제할까요?`, deleteText: '세션과 키가 바로 끝납니다. 감사 기록은 남습니다.',
  grant: '부여', labels: '레이블', allContainers: '모든 컨테이너', by: '부여한 사람', noGrants: '부여된 권한이 없습니다', revoke: '권한을 거둘까요?',
  revokeText: (user: string, hosts: string): string => `${user} 사용자는 ${hosts}에 대한 권한을 바로 잃습니다.`,
};

export const auditKo = {
  user: '사용자 이름', at: '시각', who: '사용자', action: '작업', target: '대상', outcome: '결과', from: '주소', allOutcomes: '모든 결과', none: '필터에 맞는 기록이 없습니다.',
  outcomes: { ok: '성공', failed: '실패', refused: '거부', pending: '진행 중', unknown: '알 수 없음' },
};
