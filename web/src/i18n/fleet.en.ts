const reasons: Record<string, string> = {
  refused: 'connection refused', timeout: 'no answer in time', dns: 'name not found', tls: 'TLS failed', auth: 'not let in',
  version: 'API version not supported', protocol: 'not Docker’s protocol', local: 'wharf has no file descriptor left',
};

export const fleetEn = {
  title: 'Fleet',
  reason: (name: string): string => reasons[name] ?? name,
  summary: (hosts: string, containers: string): string => `${hosts} hosts · ${containers} containers`,
  hosts: 'Hosts', host: 'Host', status: 'Status', containers: 'Containers', cpu: 'CPU', memory: 'Memory', engine: 'Engine', address: 'Address',
  downSince: (age: string): string => `for ${age}`,
  ofCores: (cores: number): string => `of ${cores} ${cores === 1 ? 'core' : 'cores'}`,
  attention: 'Needs attention', calm: 'Nothing needs your attention.', calmHint: 'All hosts answer, and no container is unhealthy or ended by itself in the last 24 hours.',
  unhealthy: 'Unhealthy', looping: (times: number): string => `Restarting in a loop: ${times} starts in 10 min`, restarting: 'Restarting',
  endedItself: (code: string, count: number): string => `Ended by itself${code === '' ? '' : `, exit code ${code}`}${count > 1 ? `, ${count} times` : ''}`,
  hostDown: (why: string): string => `Doesn’t answer${why === '' ? '' : `: ${why}`}`, hostDegraded: (why: string): string => `Degraded${why === '' ? '' : `: ${why}`}`,
  certificate: (age: string): string => `Certificate expires in ${age}`, certificateOver: 'Certificate has expired', clock: (ms: string): string => `Clock is off by ${ms}`,
  gap: (length: string): string => `Events may be missing: ${length}`,
  topCpu: 'Most CPU', topMemory: 'Most memory', noUsage: 'Nothing is running.',
  noHosts: 'No hosts yet', noHostsHint: 'Name Docker hosts in DOCKER_HOSTS or hosts.yaml, and start wharf again. If there are some, none of them was granted to you.',
  overview: 'Overview', machine: 'Machine', latency: 'Latency', cores: (n: number): string => `${n} ${n === 1 ? 'core' : 'cores'}`, milliseconds: (n: string): string => `${n} ms`,
  clockLabel: 'Clock', ahead: (length: string, ms: number): string => (Math.abs(ms) < 1000 ? 'right' : `${length} ${ms > 0 ? 'ahead' : 'behind'}`), certificateLabel: 'Certificate until', sinceLabel: 'As it is since',
  notStreaming: 'events aren’t read',
  lastKnown: (age: string): string => `last known ${age}`, unknownContainers: 'not known',
};
