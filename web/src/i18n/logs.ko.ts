export const logsKo = {
  title: '로그', search: '로그 검색', all: '모든 컨테이너', allProjects: '모든 프로젝트', range: '기간', level: '수준', follow: '최신으로 돌아가기', download: '내려받기', line: '줄', copyLink: '링크 복사', toEnd: '최신 줄로',
  ranges: { '': '최근 줄', '15m': '최근 15분', '1h': '최근 1시간', '24h': '최근 24시간', '168h': '최근 7일' },
  levels: { '': '모든 수준', error: '오류', warn: '경고 이상', info: '정보 이상' },
  none: '줄이 없습니다', noneHint: '조건에 맞는 로그가 없습니다.', noneYet: '아직 기록된 것이 없습니다. 새 줄이 여기에 나타납니다.',
  lines: (n: string): string => `${n}줄`, dropped: (n: string): string => `오래된 ${n}줄은 더 이상 보이지 않습니다`, following: '따라가는 중', complete: '끝까지 검색함', incomplete: '더 있습니다: 검색을 좁히세요', reading: '읽는 중…',
  progress: (lines: string, done: string, all: string): string => `${lines}줄 검색, 컨테이너 ${all}개 중 ${done}개 완료`,
  silent: (names: string): string => `응답 없음: ${names}. 이 호스트의 로그는 빠져 있습니다.`, omitted: (n: string, why: string): string => `컨테이너 ${n}개가 제외됨: ${why}`,
  gap: (name: string, length: string): string => `${name}: ${length} 동안의 줄이 빠졌을 수 있습니다`,
};
