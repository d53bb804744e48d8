import type { changesEn, operationsEn, stockEn } from './stock.en';

export const stockKo: typeof stockEn = {
  tabs: { images: '이미지', volumes: '볼륨', networks: '네트워크' },
  search: '이름, ID, 호스트, 레이블로 검색', host: '호스트', image: '이미지', id: 'ID', size: '크기', created: '생성', usedBy: '사용하는 컨테이너', name: '이름', driver: '드라이버', subnets: '서브넷',
  allHosts: '모든 호스트', use: '사용 여부', allUse: '전체', used: '사용 중', unused: '사용 안 함', dangling: '이름 없음', anonymous: '익명', builtin: '기본', internal: '내부', none: '맞는 것이 없습니다.',
  noAnswer: (hosts: string): string => `응답 없음: ${hosts}.`,
  remove: (name: string, host: string): string => `${host}에서 ${name}을(를) 삭제할까요?`,
  removeHint: { images: '다시 받거나 빌드할 수 있습니다.', volumes: '안의 모든 데이터가 영구히 사라집니다.', networks: '속한 컨테이너가 없습니다.' },
  pull: '이미지 받기', pullImage: '이미지', pullHint: 'docker pull처럼: nginx:1.27, registry.example.org/team/app@sha256:…', onHosts: '받을 호스트', pulling: (image: string): string => `${image} 받기`,
  pulled: '받았음', upToDate: '이미 최신', failed: '실패', cancelled: '취소됨', step: { '': '레지스트리에 묻는 중…', waiting: '대기 중…', downloading: '내려받는 중…', extracting: '푸는 중…', done: '완료' },
  layers: (done: string, all: string): string => `레이어 ${all}개 중 ${done}개`, stop: '받기 취소',
  prune: '정리', pruneTitle: '쓰이지 않는 것 삭제', what: { containers: '끝난 컨테이너', images: '이미지', volumes: '볼륨', networks: '네트워크' },
  all: '이름이 있는 이미지와 사람이 이름 붙인 볼륨도 포함', look: '삭제될 것 보기', frees: (n: string, size: string): string => `${n}개가 삭제되어 ${size} 이상 비워집니다.`,
  nothing: '삭제할 것이 없습니다.', removeThese: '이것들을 삭제', freed: (n: string, size: string): string => `${n}개를 삭제해 ${size} 이상 비웠습니다.`, kept: (n: string): string => `${n}개는 남았습니다:`,
};

export const operationsKo: typeof operationsEn = {
  title: '일괄 작업', operation: '작업', state: '상태', by: '사용자', begun: '시작', containers: '컨테이너', none: '아직 일괄 작업이 없습니다.', noneHint: 'wharf operations start 또는 POST /v1/operations로 시작합니다.',
  done: (done: string, all: string): string => `${all}개 중 ${done}개`, failed: (n: string): string => `${n}개 실패`, cancel: '취소', back: '모든 일괄 작업', after: '작업 후', why: '이유', container: '컨테이너', host: '호스트',
  states: { running: '진행 중', succeeded: '성공', failed: '실패', cancelled: '취소됨', interrupted: '중단됨', waiting: '대기', ok: '성공', skipped: '건너뜀' },
};

export const changesKo: typeof changesEn = {
  more: '변경', rename: '이름 변경', update: '제한', recreate: '다시 만들기', remove: '삭제', newName: '새 이름', memory: '메모리(MiB)', cpus: '프로세서', pids: '프로세스 수', restart: '재시작 정책', unchanged: '그대로',
  updateHint: '비워 두면 그대로 둡니다.', image: '이미지', imageHint: '비워 두면 지금 이미지를 씁니다.', pull: '이미지를 먼저 받기', recreateHint: '같은 설정의 새 컨테이너로 바꿉니다. 실패하면 이전 컨테이너가 돌아옵니다.',
  removeTitle: (name: string): string => `${name}을(를) 삭제할까요?`, removeHint: '파일 시스템이 영구히 사라집니다. 이름 있는 볼륨은 남습니다.', force: '실행 중이면 강제 종료', volumes: '익명 볼륨도 삭제',
};
