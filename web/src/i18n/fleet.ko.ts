const reasons: Record<string, string> = {
  refused: '연결 거부', timeout: '응답 시간 초과', dns: '이름을 찾을 수 없음', tls: 'TLS 실패', auth: '인증 실패',
  version: '지원하지 않는 API 버전', protocol: 'Docker 프로토콜이 아님', local: 'wharf의 파일 디스크립터 부족',
};

export const fleetKo = {
  title: '전체 현황',
  reason: (name: string): string => reasons[name] ?? name,
  summary: (hosts: string, containers: string): string => `호스트 ${hosts}개 · 컨테이너 ${containers}개`,
  hosts: '호스트', host: '호스트', status: '상태', containers: '컨테이너', cpu: 'CPU', memory: '메모리', engine: '엔진', address: '주소',
  downSince: (age: string): string => `${age}째`,
  ofCores: (cores: number): string => `${cores}코어 중`,
  attention: '확인이 필요한 항목', calm: '확인할 것이 없습니다.', calmHint: '모든 호스트가 응답하며, 지난 24시간 동안 비정상이거나 스스로 종료된 컨테이너가 없습니다.',
  unhealthy: '비정상', looping: (times: number): string => `반복 재시작: 10분 동안 ${times}회`, restarting: '재시작 중',
  endedItself: (code: string, count: number): string => `스스로 종료됨${code === '' ? '' : `, 종료 코드 ${code}`}${count > 1 ? `, ${count}회` : ''}`,
  hostDown: (why: string): string => `응답 없음${why === '' ? '' : `: ${why}`}`, hostDegraded: (why: string): string => `불안정${why === '' ? '' : `: ${why}`}`,
  certificate: (age: string): string => `인증서가 ${age} 후 만료됩니다`, certificateOver: '인증서가 만료되었습니다', clock: (ms: string): string => `시계가 ${ms} 어긋남`,
  gap: (length: string): string => `이벤트가 빠졌을 수 있음: ${length}`,
  topCpu: 'CPU 사용량 상위', topMemory: '메모리 사용량 상위', noUsage: '실행 중인 것이 없습니다.',
  noHosts: '호스트가 없습니다', noHostsHint: 'DOCKER_HOSTS 또는 hosts.yaml에 Docker 호스트를 적고 wharf를 다시 시작하세요. 호스트가 있다면 아직 권한을 받지 못한 것입니다.',
  overview: '개요', machine: '장비', latency: '지연', cores: (n: number): string => `${n}코어`, milliseconds: (n: string): string => `${n}ms`,
  clockLabel: '시계', ahead: (length: string, ms: number): string => (Math.abs(ms) < 1000 ? '맞음' : `${length} ${ms > 0 ? '빠름' : '느림'}`), certificateLabel: '인증서 만료', sinceLabel: '상태 시작',
  notStreaming: '이벤트를 읽지 못함',
  lastKnown: (age: string): string => `마지막 확인 ${age}`, unknownContainers: '알 수 없음',
};
