export const eventsKo = {
  title: '이벤트', time: '시각', event: '이벤트', subject: '대상', host: '호스트', details: '세부',
  search: '컨테이너 이름 또는 ID', allHosts: '모든 호스트', allTypes: '모든 종류', type: '종류', range: '기간', unexpected: '뜻밖의 종료만',
  ranges: { '1h': '최근 1시간', '12h': '최근 12시간', '24h': '최근 24시간', '168h': '최근 7일', '': '보관된 전체' },
  types: { container: '컨테이너', image: '이미지', network: '네트워크', volume: '볼륨', host: '호스트', gap: '공백' },
  none: '이벤트가 없습니다', noneHint: '이 기간에 필터에 맞는 기록이 없습니다.',
  gap: (length: string): string => `${length} 공백: 이 시간의 이벤트가 빠졌을 수 있습니다`, gapAll: '모든 호스트', reason: (text: string): string => text,
  connected: '호스트에 연결됨', disconnected: '호스트와 끊어짐', inferred: '추정', inferredHint: '일어날 때 본 것이 아니라 이후 상태에서 추정한 것입니다.',
  signal: (name: string): string => `시그널 ${name}`,
  by: (user: string): string => `${user} 실행`, endedItself: '스스로 종료', exitCode: (code: string): string => `종료 코드 ${code}`, fresh: (n: string): string => `새 이벤트 ${n}개`,
  end: '더 이상 없습니다.',
};
